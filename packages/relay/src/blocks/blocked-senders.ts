/**
 * Who blocked whom. Read for every message, so answers come from a bounded cache. Invariant: the cached set of a recipient is
 * exactly what the store holds for it.
 */
import { type AccountId, accountIdFromBytes, accountIdToBytes, type Bytes, type SqlDatabase } from "@hawser/base";
import { RecentMap } from "../store/recent-map.ts";

export const MAX_BLOCKED_SENDERS = 1_000;
const MAX_CACHED_RECIPIENTS = 50_000;
const NOBODY: ReadonlySet<AccountId> = new Set();

export class BlockedSenders {
  readonly #database: SqlDatabase;
  readonly #cache = new RecentMap<AccountId, ReadonlySet<AccountId>>(MAX_CACHED_RECIPIENTS);

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  has(recipient: AccountId, sender: AccountId): boolean {
    return this.#of(recipient).has(sender);
  }

  /** Durable before it returns; `false` when the recipient's list is full. The same change again changes nothing. */
  set(recipient: AccountId, sender: AccountId, blocked: boolean): boolean {
    const current = this.#of(recipient);
    if (current.has(sender) === blocked) return true;
    if (blocked && current.size >= MAX_BLOCKED_SENDERS) return false;
    const sql = blocked
      ? "INSERT INTO blocks VALUES (?, ?) ON CONFLICT DO NOTHING"
      : "DELETE FROM blocks WHERE recipient = ? AND sender = ?";
    this.#database.transaction(() => this.#database.prepare(sql).run(accountIdToBytes(recipient), accountIdToBytes(sender)));
    const next = new Set(current);
    if (blocked) next.add(sender);
    else next.delete(sender);
    this.#cache.set(recipient, next);
    return true;
  }

  #of(recipient: AccountId): ReadonlySet<AccountId> {
    const known = this.#cache.get(recipient);
    if (known !== undefined) return known;
    const rows = this.#database
      .prepare("SELECT sender FROM blocks WHERE recipient = ?")
      .all<{ sender: Bytes }>(accountIdToBytes(recipient));
    const senders = rows.length === 0 ? NOBODY : new Set(rows.map((row) => accountIdFromBytes(row.sender)));
    this.#cache.set(recipient, senders);
    return senders;
  }
}
