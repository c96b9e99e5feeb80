/**
 * Last-writer-wins state shared by the account's devices. Invariants: an entry is only replaced by a later stamp (`mergeStamp`) or by the
 * phone's snapshot; a row that is not what was written counts as absent, so that no damage wins over what other devices have.
 */
import { assert, equalBytes, type Primitives, type SqlDatabase } from "@hawser/base";
import { collectionHash, mergeStamp, nextStamp, type StateRow, stateRowHash } from "@hawser/sync";

export type StateEntry = StateRow;

export interface StateEntryStore {
  find(collection: string, key: string): StateEntry | undefined;
  /** A new local write, later than everything seen. */
  write(collection: string, key: string, value: Uint8Array, nowMs: number, device: number): StateEntry;
  /** Takes another device's write over; says whether it won. `orSame`: also over another value of the same write. */
  merge(entry: StateEntry, orSame?: boolean): boolean;
  all(): StateEntry[];
  of(collection: string): StateEntry[];
  /** Of every collection that has rows. */
  digests(): Map<string, Uint8Array>;
  /** Deletes rows that are not what was written; says how many. */
  dropDamaged(): number;
}

interface EntryRow {
  readonly collection: string;
  readonly key: string;
  readonly value: Uint8Array;
  readonly time_ms: number;
  readonly counter: number;
  readonly device: number;
  readonly hash: Uint8Array | null;
}

/** Other numbers cannot be read as such. */
const READABLE = `time_ms BETWEEN 0 AND ${Number.MAX_SAFE_INTEGER} AND counter BETWEEN 0 AND 4294967295 AND device BETWEEN 0 AND 4294967295`;
const SELECT = `SELECT * FROM state_entries WHERE ${READABLE}`;

export function openStateEntries(database: SqlDatabase, primitives: Primitives): StateEntryStore {
  const hashOf = ({ time_ms: timeMs, ...rest }: EntryRow): Uint8Array => stateRowHash({ ...rest, timeMs }, primitives);
  const isWhole = (row: EntryRow): boolean => row.hash === null || equalBytes(row.hash, hashOf(row));
  const toEntry = ({ collection, key, value, time_ms: timeMs, counter, device }: EntryRow): StateEntry => ({
    collection, key, value, timeMs, counter, device,
  }); // prettier-ignore
  const readRows = (where = "", ...parameters: string[]): EntryRow[] =>
    database
      .prepare(SELECT + where)
      .all<EntryRow>(...parameters)
      .filter(isWhole);
  const read = (where?: string, ...parameters: string[]): StateEntry[] => readRows(where, ...parameters).map(toEntry);
  const find = (collection: string, key: string): StateEntry | undefined => read(" AND collection = ? AND key = ?", collection, key)[0];
  const put = (entry: StateEntry): void => {
    assert(database.inTransaction, "shared state is written inside a transaction");
    database
      .prepare("INSERT OR REPLACE INTO state_entries (collection, key, value, time_ms, counter, device, hash) VALUES (?, ?, ?, ?, ?, ?, ?)")
      .run(entry.collection, entry.key, entry.value, entry.timeMs, entry.counter, entry.device, stateRowHash(entry, primitives));
  };
  return {
    find,
    write(collection, key, value, nowMs, device) {
      const entry = { collection, key, value, ...nextStamp(find(collection, key), nowMs, device) };
      put(entry);
      return entry;
    },
    merge(entry, orSame = false) {
      const outcome = mergeStamp(find(entry.collection, entry.key), entry);
      if (outcome === "stale" || (outcome === "same" && !orSame)) return false;
      put(entry);
      return true;
    },
    all: () => read(),
    of: (collection) => read(" AND collection = ?", collection),
    digests() {
      const collections = Map.groupBy(readRows(), ({ collection }) => collection);
      const hashes = (rows: EntryRow[]): Uint8Array[] => rows.map((row) => row.hash ?? hashOf(row));
      return new Map([...collections].map(([collection, rows]) => [collection, collectionHash(hashes(rows), primitives)]));
    },
    dropDamaged() {
      assert(database.inTransaction, "shared state is mended inside a transaction");
      let { changes: dropped } = database.prepare(`DELETE FROM state_entries WHERE NOT (${READABLE})`).run();
      for (const row of database.prepare(SELECT).all<EntryRow>()) {
        if (row.hash === null) {
          const fill = database.prepare("UPDATE state_entries SET hash = ? WHERE collection = ? AND key = ?");
          fill.run(hashOf(row), row.collection, row.key);
        } else if (!isWhole(row)) {
          database.prepare("DELETE FROM state_entries WHERE collection = ? AND key = ?").run(row.collection, row.key);
          dropped++;
        }
      }
      return dropped;
    },
  };
}
