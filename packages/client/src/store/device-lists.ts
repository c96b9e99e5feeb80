/**
 * Verified device lists, pinned. Invariant: what stands in the table was verified before it was stored, and for each account the
 * numbers run without a gap from 1; a pinned list is never replaced by an older or a different one (`mergeDeviceLists`).
 */
import { type AccountId, assert, type DeviceNumber, type Primitives, type SqlDatabase } from "@hawser/base";
import { mergeDeviceLists, type MergeOutcome, parseDeviceList, type VerifiedDeviceList } from "@hawser/crypto";
import type { Device } from "@hawser/wire";
import { MAX_CACHED_LISTS } from "../bounds.ts";

export interface ListEntry {
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

export interface DeviceListStore {
  latest(account: AccountId): VerifiedDeviceList | undefined;
  /** Verifies entries against what is pinned and stores what is new. Call inside a transaction. */
  merge(account: AccountId, entries: readonly ListEntry[]): MergeOutcome;
  chain(account: AccountId, afterNumber: number): ListEntry[];
  /** The whole pinned chain, parsed. */
  lists(account: AccountId): VerifiedDeviceList[];
  at(account: AccountId, number: number): VerifiedDeviceList | undefined;
  /** Pins another branch: `branch` was verified and follows the list of that number. Only by a person's word. Inside a transaction. */
  adopt(account: AccountId, afterNumber: number, branch: readonly VerifiedDeviceList[]): void;
  /** A device that left the list, as it last stood there. */
  former(account: AccountId, device: DeviceNumber): Device | undefined;
  /** Only for own lists that nobody has seen. Inside a transaction. */
  dropAbove(account: AccountId, number: number): void;
  /** Empties the memory of verified lists; the table stays. */
  forget(): void;
}

export function openDeviceLists(database: SqlDatabase, primitives: Primitives): DeviceListStore {
  const cache = new Map<AccountId, VerifiedDeviceList>();
  const remember = (list: VerifiedDeviceList): void => {
    cache.delete(list.account);
    cache.set(list.account, list);
    if (cache.size > MAX_CACHED_LISTS) cache.delete(cache.keys().next().value!);
  };
  const parse = (entry: ListEntry): VerifiedDeviceList[] => {
    const parsed = parseDeviceList(primitives, entry);
    return parsed.ok ? [parsed.value] : [];
  };
  const insert = (account: AccountId, lists: readonly VerifiedDeviceList[]): void => {
    const statement = database.prepare("INSERT INTO device_lists (account, number, payload, signature) VALUES (?, ?, ?, ?)");
    for (const list of lists) statement.run(account, list.number, list.entry.payload, list.entry.signature);
    // Not `remember`: when the transaction around this fails, the cache must not know more than the table.
    cache.delete(account);
  };
  const latest = (account: AccountId): VerifiedDeviceList | undefined => {
    const cached = cache.get(account);
    if (cached !== undefined) return cached;
    const row = database
      .prepare("SELECT payload, signature FROM device_lists WHERE account = ? ORDER BY number DESC LIMIT 1")
      .get<{ payload: Uint8Array; signature: Uint8Array }>(account);
    const parsed = row === undefined ? undefined : parseDeviceList(primitives, row);
    if (parsed?.ok !== true) return undefined;
    remember(parsed.value);
    return parsed.value;
  };
  return {
    latest,
    merge(account, entries) {
      assert(database.inTransaction, "lists are stored inside a transaction");
      const outcome = mergeDeviceLists(primitives, latest(account), entries, account);
      if (outcome.kind !== "advance") return outcome;
      insert(account, outcome.lists);
      return outcome;
    },
    chain(account, afterNumber) {
      return database
        .prepare("SELECT payload, signature FROM device_lists WHERE account = ? AND number > ? ORDER BY number")
        .all<ListEntry>(account, afterNumber)
        .map(({ payload, signature }) => ({ payload, signature }));
    },
    lists: (account) =>
      database
        .prepare("SELECT payload, signature FROM device_lists WHERE account = ? ORDER BY number")
        .all<ListEntry>(account)
        .flatMap(parse),
    at: (account, number) =>
      database
        .prepare("SELECT payload, signature FROM device_lists WHERE account = ? AND number = ?")
        .all<ListEntry>(account, number)
        .flatMap(parse)[0],
    adopt(account, afterNumber, branch) {
      assert(database.inTransaction, "a branch is pinned with what follows from it");
      database.prepare("DELETE FROM device_lists WHERE account = ? AND number > ?").run(account, afterNumber);
      insert(account, branch);
    },
    former(account, device) {
      // From the newest on: whoever left, left lately, or nobody asks. At most `MAX_LISTS_PER_ACCOUNT` entries.
      const entries = database
        .prepare("SELECT payload, signature FROM device_lists WHERE account = ? ORDER BY number DESC")
        .all<ListEntry>(account);
      for (const entry of entries) {
        const parsed = parseDeviceList(primitives, entry);
        const found = parsed.ok ? parsed.value.list.devices.find(({ number }) => number === device) : undefined;
        if (found !== undefined) return found;
      }
      return undefined;
    },
    dropAbove(account, number) {
      assert(database.inTransaction, "lists are dropped with what follows from it");
      database.prepare("DELETE FROM device_lists WHERE account = ? AND number > ?").run(account, number);
      cache.delete(account);
    },
    forget: () => cache.clear(),
  };
}
