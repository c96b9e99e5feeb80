/**
 * Invitations: codes that let somebody register, a number of times, until a time. Invariant: only the hash of a code is
 * stored, and a use is taken in the transaction that creates the account.
 */
import { assert, type Primitives, type Random, type SqlDatabase, toBase32, utf8 } from "@hawser/base";

/** 80 bits: not guessable through any rate limit. */
const CODE_SIZE_BYTES = 10;
const MAX_USES = 100_000;
const GROUP = /.{4}(?=.)/g;

export interface InvitationOptions {
  /** How many accounts it may create. Default 1. */
  readonly uses?: number;
  readonly expiresInMs: number;
}

export class Invitations {
  readonly #database: SqlDatabase;
  readonly #primitives: Primitives;

  constructor(database: SqlDatabase, primitives: Primitives) {
    this.#database = database;
    this.#primitives = primitives;
  }

  /** A new code, as people see it: `abcd-efgh-ijkl-mnop`. */
  create(options: InvitationOptions, nowMs: number, random: Random): string {
    const uses = options.uses ?? 1;
    assert(Number.isInteger(uses) && uses >= 1 && uses <= MAX_USES, "an invitation has 1 to 100,000 uses");
    assert(options.expiresInMs > 0 && Number.isFinite(options.expiresInMs), "an invitation has a life");
    const code = toBase32(random.bytes(CODE_SIZE_BYTES));
    this.#database.transaction(() => {
      this.#database.prepare("DELETE FROM invitations WHERE expires_at_ms <= ? OR uses_left = 0").run(Math.floor(nowMs));
      this.#database
        .prepare("INSERT INTO invitations VALUES (?, ?, ?)")
        .run(this.#hash(code), uses, Math.floor(nowMs + options.expiresInMs));
    });
    return code.replaceAll(GROUP, "$&-");
  }

  /** Takes one use; `false` when the code is unknown, used up or expired. Runs in the caller's transaction. */
  take(code: string, nowMs: number): boolean {
    assert(this.#database.inTransaction, "a use is taken with the account it creates");
    return (
      this.#database
        .prepare("UPDATE invitations SET uses_left = uses_left - 1 WHERE code_hash = ? AND uses_left > 0 AND expires_at_ms > ?")
        .run(this.#hash(code), Math.floor(nowMs)).changes === 1
    );
  }

  #hash(code: string): Uint8Array {
    return this.#primitives.sha256(utf8(`hawser invitation v1\0${code.toLowerCase().replaceAll(/[^a-z2-7]/g, "")}`));
  }
}
