/** Last-writer-wins state shared by the account's devices. Invariant: an entry is only replaced by a later stamp (`mergeStamp`). */
import { assert, type SqlDatabase } from "@hawser/base";
import { mergeStamp, nextStamp, type StateStamp } from "@hawser/sync";

export interface StateEntry extends StateStamp {
  readonly collection: string;
  readonly key: string;
  /** Empty: deleted. */
  readonly value: Uint8Array;
}

export interface StateEntryStore {
  find(collection: string, key: string): StateEntry | undefined;
  /** A new local write, later than everything seen. */
  write(collection: string, key: string, value: Uint8Array, nowMs: number, device: number): StateEntry;
  /** Takes another device's write over; says whether it won. */
  merge(entry: StateEntry): boolean;
  all(): StateEntry[];
}

interface EntryRow {
  readonly collection: string;
  readonly key: string;
  readonly value: Uint8Array;
  readonly time_ms: number;
  readonly counter: number;
  readonly device: number;
}

export function openStateEntries(database: SqlDatabase): StateEntryStore {
  const toEntry = ({ time_ms: timeMs, ...rest }: EntryRow): StateEntry => ({ ...rest, timeMs });
  const find = (collection: string, key: string): StateEntry | undefined => {
    const row = database.prepare("SELECT * FROM state_entries WHERE collection = ? AND key = ?").get<EntryRow>(collection, key);
    return row === undefined ? undefined : toEntry(row);
  };
  const put = (entry: StateEntry): void => {
    assert(database.inTransaction, "shared state is written inside a transaction");
    database
      .prepare(
        `INSERT INTO state_entries (collection, key, value, time_ms, counter, device) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (collection, key) DO UPDATE SET value = excluded.value, time_ms = excluded.time_ms, counter = excluded.counter, device = excluded.device`,
      )
      .run(entry.collection, entry.key, entry.value, entry.timeMs, entry.counter, entry.device);
  };
  return {
    find,
    write(collection, key, value, nowMs, device) {
      const latest = database.prepare("SELECT * FROM state_entries WHERE collection = ? AND key = ?").get<EntryRow>(collection, key);
      const entry = { collection, key, value, ...nextStamp(latest === undefined ? undefined : toEntry(latest), nowMs, device) };
      put(entry);
      return entry;
    },
    merge(entry) {
      if (mergeStamp(find(entry.collection, entry.key), entry) !== "advance") return false;
      put(entry);
      return true;
    },
    all: () => database.prepare("SELECT * FROM state_entries").all<EntryRow>().map(toEntry),
  };
}
