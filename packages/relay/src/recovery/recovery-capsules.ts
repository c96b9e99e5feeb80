/**
 * Recovery capsules: an account's keys sealed under its recovery code, opaque here. Invariant: whoever asks for capsules by
 * handle meets a wait that doubles with each try and survives a restart, so a capsule cannot be collected for guessing at
 * home more often than the wait allows, nor many of them quickly.
 */
import { accountIdToBytes, type AccountId, type Bytes, type SqlDatabase } from "@hawser/base";

/** A person who mistypes gets these without waiting. */
const FREE_TRIES = 3;
const FIRST_WAIT_MS = 30_000;
const MAX_WAIT_MS = 3_600_000;
/** A capsule nobody asked for in this time starts afresh. */
const FORGET_AFTER_MS = 24 * 3_600_000;

export type RecoveryAnswer =
  | { readonly kind: "capsule"; readonly capsule: Bytes }
  | { readonly kind: "wait"; readonly retryAfterMs: number }
  | { readonly kind: "unknown" };

export class RecoveryCapsules {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  put(account: AccountId, capsule: Bytes, nowMs: number): void {
    this.#database.transaction(() =>
      this.#database
        .prepare("INSERT OR REPLACE INTO recovery_capsules VALUES (?, ?, ?)")
        .run(accountIdToBytes(account), capsule, Math.floor(nowMs)),
    );
  }

  /** When it was stored, 0 when that was not noted yet; `undefined` when there is none. */
  sinceMs(account: AccountId): number | undefined {
    return this.#database
      .prepare("SELECT since_ms FROM recovery_capsules WHERE account = ?")
      .get<{ since_ms: number }>(accountIdToBytes(account))?.since_ms;
  }

  /** The tries of strangers stay counted. */
  remove(account: AccountId): void {
    this.#database.transaction(() =>
      this.#database.prepare("DELETE FROM recovery_capsules WHERE account = ?").run(accountIdToBytes(account)),
    );
  }

  /** Counts the try durably before it answers. */
  get(account: Bytes, nowMs: number): RecoveryAnswer {
    return this.#database.transaction(() => {
      const row = this.#database.prepare("SELECT capsule FROM recovery_capsules WHERE account = ?").get<{ capsule: Bytes }>(account);
      if (row === undefined) return { kind: "unknown" };
      const past = this.#database
        .prepare("SELECT tries, next_at_ms FROM recovery_tries WHERE account = ?")
        .get<{ tries: number; next_at_ms: number }>(account);
      // A clock that was set back must not lock a person out for longer than the longest wait.
      const waitMs = Math.min((past?.next_at_ms ?? 0) - nowMs, MAX_WAIT_MS);
      if (waitMs > 0) return { kind: "wait", retryAfterMs: Math.ceil(waitMs) };
      const tries = past === undefined || nowMs - past.next_at_ms > FORGET_AFTER_MS ? 1 : past.tries + 1;
      const nextMs = tries < FREE_TRIES ? nowMs : nowMs + Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(20, tries - FREE_TRIES));
      this.#database.prepare("INSERT OR REPLACE INTO recovery_tries VALUES (?, ?, ?)").run(account, tries, Math.floor(nextMs));
      return { kind: "capsule", capsule: row.capsule };
    });
  }
}
