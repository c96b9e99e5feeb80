/**
 * Who may upload how much, now. Invariant: every byte being received was reserved against its ticket's budget and its
 * account's quota first, so neither can be exceeded by sending at the same time.
 */
import { type AccountId, type Clock, type Primitives, toHex } from "@hawser/base";
import { type BlobBooks, type BlobPurpose, openTicket, RecentMap, type UploadTicket } from "@hawser/relay";
import { type ErrorName, MAX_BLOB_BYTES } from "@hawser/wire";
import type { BlobLimits } from "../config/server-options.ts";

/** Tickets whose use is remembered; a forgotten one is still held by the account's quota. */
const MAX_REMEMBERED_TICKETS = 50_000;
const BUSY_RETRY_MS = 1_000;

export interface UploadDeskOptions {
  readonly primitives: Primitives;
  readonly ticketKey: Uint8Array;
  readonly clock: Clock;
  readonly limits: BlobLimits;
  books(): BlobBooks;
}

export interface Refused {
  readonly error: ErrorName;
  readonly retryAfterMs?: number;
}

/** Room for one upload. Exactly one of `keep` and `giveBack` is called, once. */
export interface Reservation {
  /** The bytes are stored and in the books. */
  keep(): void;
  giveBack(): void;
}

export class UploadDesk {
  readonly #options: UploadDeskOptions;
  readonly #usedBySerial = new RecentMap<string, number>(MAX_REMEMBERED_TICKETS);
  readonly #underWay = new Map<string, { uploads: number; bytes: number }>();
  #uploads = 0;

  constructor(options: UploadDeskOptions) {
    this.#options = options;
  }

  get uploads(): number {
    return this.#uploads;
  }

  /** The ticket in an Authorization header. */
  ticket(authorization: string | undefined): UploadTicket | undefined {
    const text = /^Bearer ([\w-]+)$/.exec(authorization ?? "")?.[1];
    if (text === undefined) return undefined;
    const ticket = openTicket(this.#options.primitives, this.#options.ticketKey, text);
    return ticket !== undefined && ticket.expiresAtMs > this.#options.clock.nowMs() ? ticket : undefined;
  }

  reserve(ticket: UploadTicket, sizeBytes: number): Reservation | Refused {
    const { limits } = this.#options;
    if (sizeBytes > MAX_BLOB_BYTES) return { error: "LIMIT_EXCEEDED" };
    const key = `${ticket.account} ${ticket.purpose}`;
    const account = this.#underWay.get(key) ?? { uploads: 0, bytes: 0 };
    if (this.#uploads >= limits.maxUploads || account.uploads >= limits.maxUploadsPerAccount)
      return { error: "OVERLOADED", retryAfterMs: BUSY_RETRY_MS };
    const serial = toHex(ticket.serial);
    const used = this.#usedBySerial.get(serial) ?? 0;
    if (used + sizeBytes > ticket.sizeBytes) return { error: "QUOTA_EXCEEDED" };
    if (this.#stored(ticket.account, ticket.purpose) + account.bytes + sizeBytes > limits.quotaBytes[ticket.purpose])
      return { error: "QUOTA_EXCEEDED" };

    this.#usedBySerial.set(serial, used + sizeBytes);
    account.uploads++;
    account.bytes += sizeBytes;
    this.#underWay.set(key, account);
    this.#uploads++;
    const leave = (): void => {
      this.#uploads--;
      account.uploads--;
      account.bytes -= sizeBytes;
      if (account.uploads === 0) this.#underWay.delete(key);
    };
    const giveBack = (): void => {
      leave();
      this.#usedBySerial.set(serial, Math.max(0, (this.#usedBySerial.get(serial) ?? 0) - sizeBytes));
    };
    return { keep: leave, giveBack };
  }

  #stored(account: AccountId, purpose: BlobPurpose): number {
    return this.#options.books().usedBytes(account, purpose);
  }
}
