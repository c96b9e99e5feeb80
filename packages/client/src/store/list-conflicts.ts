/** Accounts of which two different device lists were seen, both signed, for one place in the chain: nothing is sent to them meanwhile. */
import type { AccountId, SqlDatabase } from "@hawser/base";

export interface ListConflictStore {
  has(account: AccountId): boolean;
  all(): ReadonlySet<AccountId>;
  /** False when it is known already. */
  add(account: AccountId, cause: string, nowMs: number): boolean;
  /** False when there was none. */
  delete(account: AccountId): boolean;
}

export function openListConflicts(database: SqlDatabase): ListConflictStore {
  return {
    has: (account) => database.prepare("SELECT 1 AS found FROM list_conflicts WHERE account = ?").get(account) !== undefined,
    all: () =>
      new Set(
        database
          .prepare("SELECT account FROM list_conflicts")
          .all<{ account: AccountId }>()
          .map((row) => row.account),
      ),
    add: (account, cause, nowMs) =>
      database
        .prepare("INSERT INTO list_conflicts (account, cause, since_ms) VALUES (?, ?, ?) ON CONFLICT (account) DO NOTHING")
        .run(account, cause, Math.floor(nowMs)).changes > 0,
    delete: (account) => database.prepare("DELETE FROM list_conflicts WHERE account = ?").run(account).changes > 0,
  };
}
