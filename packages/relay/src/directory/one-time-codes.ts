/**
 * One-time codes sent to an address (mail, telephone), where an operator wants registrations tied to one. Invariants: neither
 * address nor code is stored in the clear; a code works once, for ten minutes, and dies after five wrong tries.
 */
import { equalBytes, type Primitives, type Random, type SqlDatabase, utf8 } from "@hawser/base";

/** Brings a code to an address. Rejects when it could not. Must not log the address. */
export interface CodeSender {
  send(address: string, code: string): Promise<void>;
}

export const CODE_LIFETIME_MS = 600_000;
const MAX_TRIES = 5;
const DIGITS = 6;

export class OneTimeCodes {
  readonly #database: SqlDatabase;
  readonly #primitives: Primitives;
  readonly #random: Random;

  constructor(database: SqlDatabase, primitives: Primitives, random: Random) {
    this.#database = database;
    this.#primitives = primitives;
    this.#random = random;
  }

  /** A fresh code for the address; the one before stops working. */
  issue(address: string, nowMs: number): string {
    const code = this.#digits();
    this.#database.transaction(() => {
      this.#database.prepare("DELETE FROM codes WHERE expires_at_ms <= ?").run(Math.floor(nowMs));
      this.#database
        .prepare("INSERT OR REPLACE INTO codes VALUES (?, ?, ?, ?)")
        .run(this.#hash("address", address), this.#hash("code", `${address}\0${code}`), MAX_TRIES, Math.floor(nowMs + CODE_LIFETIME_MS));
    });
    return code;
  }

  /** Whether the code is right. A wrong one costs a try, durably: call it outside of a transaction, and `remove` inside. */
  check(address: string, code: string, nowMs: number): boolean {
    const key = this.#hash("address", address);
    const row = this.#database
      .prepare("SELECT code_hash, tries_left FROM codes WHERE address_hash = ? AND expires_at_ms > ?")
      .get<{ code_hash: Uint8Array; tries_left: number }>(key, Math.floor(nowMs));
    if (row === undefined || row.tries_left <= 0) return false;
    if (equalBytes(row.code_hash, this.#hash("code", `${address}\0${code}`))) return true;
    this.#database.transaction(() =>
      this.#database.prepare("UPDATE codes SET tries_left = tries_left - 1 WHERE address_hash = ?").run(key),
    );
    return false;
  }

  /** Uses the code up; runs in the transaction that creates the account. */
  remove(address: string): void {
    this.#database.prepare("DELETE FROM codes WHERE address_hash = ?").run(this.#hash("address", address));
  }

  #hash(label: string, text: string): Uint8Array {
    return this.#primitives.sha256(utf8(`hawser one-time ${label} v1\0${text}`));
  }

  /** Unbiased decimal digits. */
  #digits(): string {
    let code = "";
    while (code.length < DIGITS)
      for (const byte of this.#random.bytes(DIGITS)) if (byte < 250 && code.length < DIGITS) code += String(byte % 10);
    return code;
  }
}
