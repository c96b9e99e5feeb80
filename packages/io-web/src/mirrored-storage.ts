/**
 * The database in memory, with changed blocks batched to IndexedDB: for browsers without the file system, and for private
 * windows. Invariant: what IndexedDB holds is the state between two transactions, never in the middle of one. It may be
 * `CHECK_EVERY_MS` behind, which nobody outside may see: frames leave through `flushedTransport`. What IndexedDB gives back damaged is
 * rebuilt from the rows that can be read before anybody uses it.
 */
import { OperationalError, type SqlDatabase } from "@hawser/base";
import { BLOCK_SIZE_BYTES, BlockFile } from "./block-file.ts";
import { BlockStore } from "./block-store.ts";
import { installMemoryVfs } from "./memory-vfs.ts";
import { isSuspicious, type Repair, UNREADABLE } from "./pool-storage.ts";
import { isSound } from "./rebuild.ts";
import { WebSqliteDatabase } from "./sqlite-database.ts";
import type { Sqlite3Database, Sqlite3Static } from "./sqlite-module.ts";

const PATH = "/hawser.db";
const REBUILT = "/hawser-rebuilt.db";
const CHECK_EVERY_MS = 40;

export interface MirroredStorage {
  readonly database: SqlDatabase;
  /** Resolves when everything committed so far is in IndexedDB. Rejects with STORAGE_FULL. */
  flush(): Promise<void>;
}

const SETTINGS =
  "PRAGMA page_size = 4096; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON";

/** `failed` hears of writes that did not work, so that a person can be told. */
export async function openMirroredDatabase(
  sqlite: Sqlite3Static,
  profile: string,
  failed: (error: OperationalError) => void,
  repair?: Repair,
): Promise<MirroredStorage> {
  const store = await BlockStore.open(`hawser-${profile}`);
  const vfsName = `hawser-memory-${profile}`;
  const files = installMemoryVfs(sqlite, vfsName);
  let file = new BlockFile();
  const kept = await store.load();
  if (kept.sizeBytes > 0) file.restore(kept.sizeBytes, kept.blocks);
  files.set(PATH, file);

  const open = (path: string): Sqlite3Database => new sqlite.oo1.DB({ filename: path, flags: "c", vfs: vfsName });
  let raw = open(PATH);
  if (!isFit(raw, repair)) {
    const from = isReadable(raw) ? new WebSqliteDatabase(sqlite, raw) : undefined;
    const fresh = open(REBUILT);
    fresh.exec(SETTINGS);
    const to = new WebSqliteDatabase(sqlite, fresh);
    await repair!.salvage(from, to);
    to.close();
    (from ?? raw).close();
    // Every block of the new file is written by the first flush; until then the damaged one is what IndexedDB holds.
    file = files.get(REBUILT)!;
    files.delete(REBUILT);
    files.set(PATH, file);
    raw = open(PATH);
    raw.exec(SETTINGS);
    repair!.repaired();
  }

  let writing: Promise<void> = Promise.resolve();
  const flush = (): Promise<void> => {
    writing = writing
      .catch(() => undefined)
      .then(async () => {
        if (!file.isChanged || database.inTransaction) return;
        const changes = file.takeChanges();
        try {
          await store.store(changes, BLOCK_SIZE_BYTES);
        } catch (cause) {
          file.giveBack(changes);
          throw new OperationalError("STORAGE_FULL", { message: "IndexedDB takes no more", cause });
        }
      });
    return writing;
  };
  const timer = setInterval(() => {
    if (file.isChanged) flush().catch((error: unknown) => failed(error as OperationalError));
  }, CHECK_EVERY_MS);
  const database = new WebSqliteDatabase(
    sqlite,
    raw,
    () => {
      clearInterval(timer);
      void flush()
        .catch(() => undefined)
        .finally(() => {
          store.close();
          repair?.closed();
        });
    },
    repair?.damaged,
  );
  return { database, flush };
}

/** Opened as it should be, and sound where that is in doubt. Without a way to repair it, damage is thrown. */
function isFit(database: Sqlite3Database, repair: Repair | undefined): boolean {
  try {
    database.exec(SETTINGS);
  } catch (error) {
    const result = (error as { resultCode?: unknown }).resultCode;
    if (repair === undefined || typeof result !== "number" || !UNREADABLE.has(result & 0xff)) throw error;
    return false;
  }
  return repair === undefined || !isSuspicious(database, repair) || isSound(database);
}

function isReadable(database: Sqlite3Database): boolean {
  try {
    database.exec("SELECT count(*) FROM sqlite_schema");
    return true;
  } catch {
    return false;
  }
}
