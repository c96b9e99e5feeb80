/**
 * Signed lists that stand in no pinned chain: what else an account was seen to have signed. Invariants: each was verified by itself before
 * it was stored; `rejected` ones are those that a person decided against, and they freeze nothing any more; all are bounded for each account.
 */
import { type AccountId, type Bytes, type Primitives, type SqlDatabase } from "@hawser/base";
import { parseDeviceList, type VerifiedDeviceList } from "@hawser/crypto";
import { MAX_FORK_LISTS_PER_ACCOUNT } from "../bounds.ts";
import type { ListEntry } from "./device-lists.ts";

export interface ForkListStore {
  /** Ascending by number. */
  all(account: AccountId): VerifiedDeviceList[];
  /** Keeps a list that was verified; known ones stay as they are. What is beyond the bound is not kept. */
  note(list: VerifiedDeviceList): void;
  isRejected(account: AccountId, hash: Bytes): boolean;
  reject(list: VerifiedDeviceList): void;
  /** They stand in the pinned chain now. */
  drop(lists: readonly VerifiedDeviceList[]): void;
  /** There is one chain again: what nobody decided about is forgotten. */
  forgetUndecided(account: AccountId): void;
}

export function openForkLists(database: SqlDatabase, primitives: Primitives): ForkListStore {
  const put = ({ account, hash, number, entry }: VerifiedDeviceList, rejected: 0 | 1): void => {
    const known = database
      .prepare("UPDATE fork_lists SET rejected = max(rejected, ?) WHERE account = ? AND hash = ?")
      .run(rejected, account, hash);
    const { n } = database.prepare("SELECT count(*) AS n FROM fork_lists WHERE account = ?").get<{ n: number }>(account)!;
    if (known.changes > 0 || n >= MAX_FORK_LISTS_PER_ACCOUNT) return;
    database
      .prepare("INSERT INTO fork_lists (account, hash, number, payload, signature, rejected) VALUES (?, ?, ?, ?, ?, ?)")
      .run(account, hash, number, entry.payload, entry.signature, rejected);
  };
  return {
    all: (account) =>
      database
        .prepare("SELECT payload, signature FROM fork_lists WHERE account = ? ORDER BY number")
        .all<ListEntry>(account)
        .flatMap((entry) => {
          const parsed = parseDeviceList(primitives, entry);
          return parsed.ok ? [parsed.value] : [];
        }),
    note: (list) => put(list, 0),
    isRejected: (account, hash) =>
      database.prepare("SELECT 1 AS found FROM fork_lists WHERE account = ? AND hash = ? AND rejected = 1").get(account, hash) !==
      undefined,
    reject: (list) => put(list, 1),
    drop(lists) {
      for (const { account, hash } of lists) database.prepare("DELETE FROM fork_lists WHERE account = ? AND hash = ?").run(account, hash);
    },
    forgetUndecided(account) {
      database.prepare("DELETE FROM fork_lists WHERE account = ? AND rejected = 0").run(account);
    },
  };
}
