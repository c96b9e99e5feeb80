/**
 * Creating accounts. Invariants: a handle belongs to one account for ever, an account has one handle; the same registration
 * again gives the same answer and uses nothing up; account, handle, list 1 and the use of an invitation or code are one
 * transaction. docs/PROTOCOL.md, "Requests".
 */
import {
  type AccountId,
  accountIdFromBytes,
  type Clock,
  equalBytes,
  err,
  ok,
  type Primitives,
  type Random,
  type Result,
  type SqlDatabase,
} from "@hawser/base";
import { type VerifiedDeviceList, verifyDeviceList } from "@hawser/crypto";
import { type ErrorName, HANDLE_PATTERN, MAX_SHORT_TEXT_BYTES, type Register } from "@hawser/wire";
import { Invitations } from "./invitations.ts";
import { type CodeSender, OneTimeCodes } from "./one-time-codes.ts";
import type { SqlDirectory } from "./sql-directory.ts";

export type RegistrationMode = "open" | "invitation" | "code" | "closed";

export interface RegistrationOptions {
  readonly database: SqlDatabase;
  readonly directory: SqlDirectory;
  readonly primitives: Primitives;
  readonly random: Random;
  readonly clock: Clock;
  readonly mode: RegistrationMode;
  readonly codeSender: CodeSender;
}

export class Registration {
  readonly #options: RegistrationOptions;
  readonly invitations: Invitations;
  readonly #codes: OneTimeCodes;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.invitations = new Invitations(options.database, options.primitives);
    this.#codes = new OneTimeCodes(options.database, options.primitives, options.random);
  }

  get mode(): RegistrationMode {
    return this.#options.mode;
  }

  /** Whether this very registration happened before: it is repeated because the answer was lost, and costs nothing. */
  isRepetition(request: Register): boolean {
    if (request.list === undefined || !HANDLE_PATTERN.test(request.handle)) return false;
    const account = this.#options.directory.accountOf(request.handle);
    if (account === undefined) return false;
    const [first] = this.#options.directory.listsAfter(accountIdFromBytes(account), 0);
    return first !== undefined && equalBytes(first.payload, request.list.payload);
  }

  /** Durable before it returns. */
  register(request: Register): Result<AccountId, ErrorName> {
    const { directory } = this.#options;
    if (!HANDLE_PATTERN.test(request.handle)) return err("HANDLE_INVALID");
    if (request.list === undefined) return err("MALFORMED_FIELD");
    const verified = verifyDeviceList(this.#options.primitives, request.list);
    if (!verified.ok) return err("LIST_INVALID");
    const list = verified.value;
    if (list.number !== 1 || list.list.devices.length !== 1 || list.list.revocations.length > 0) return err("LIST_INVALID");

    const owner = directory.accountOf(request.handle);
    if (directory.find(list.account) !== undefined) {
      const same = owner !== undefined && accountIdFromBytes(owner) === list.account && this.isRepetition(request);
      return same ? ok(list.account) : err("ACCOUNT_EXISTS");
    }
    if (owner !== undefined) return err("HANDLE_TAKEN");
    const refusal = this.#create(request, list);
    if (refusal !== undefined) return err(refusal);
    directory.announceFirst(list);
    return ok(list.account);
  }

  /** Sends a one-time code. Rejects when the sender does. */
  async requestCode(address: string): Promise<void> {
    await this.#options.codeSender.send(address, this.#codes.issue(address, this.#options.clock.nowMs()));
  }

  #create(request: Register, list: VerifiedDeviceList): ErrorName | undefined {
    const { database, directory, mode } = this.#options;
    const nowMs = this.#options.clock.nowMs();
    if (mode === "closed") return "REGISTRATION_CLOSED";
    if (
      request.invitation.length > MAX_SHORT_TEXT_BYTES ||
      request.codeAddress.length > MAX_SHORT_TEXT_BYTES ||
      request.code.length > MAX_SHORT_TEXT_BYTES
    )
      return "LIMIT_EXCEEDED";
    if (mode === "code" && !this.#codes.check(request.codeAddress, request.code, nowMs)) return "CODE_INVALID";
    return database.transaction(() => {
      if (mode === "invitation" && !this.invitations.take(request.invitation, nowMs)) return "INVITATION_INVALID";
      if (mode === "code") this.#codes.remove(request.codeAddress);
      directory.insertFirst(list, request.handle, nowMs);
      return undefined;
    });
  }
}
