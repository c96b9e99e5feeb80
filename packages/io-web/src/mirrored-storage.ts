/**
 * The database in memory, with changed blocks batched to IndexedDB: for browsers without the file system, and for private
 * windows. Invariant: what IndexedDB holds is the state between two transactions, never in the middle of one. It may be
 * `CHECK_EVERY_MS` behind, which nobody outside may see: frames leave through `flushedTransport`.
 */
import { OperationalError, type SqlDatabase } from "@hawser/base";
import { BLOCK_SIZE_BYTES, BlockFile } from "./block-file.ts";
import { BlockStore } from "./block-store.ts";
import { installMemoryVfs } from "./memory-vfs.ts";
import { WebSqliteDatabase } from "./sqlite-database.ts";
import type { Sqlite3Static } from "./sqlite-module.ts";

const PATH = "/hawser.db";
const CHECK_EVERY_MS = 40;

export interface MirroredStorage {
  readonly database: SqlDatabase;
  /** Resolves when everything committed so far is in IndexedDB. Rejects with STORAGE_FULL. */
  flush(): Promise<void>;
}

/** `failed` hears of writes that did not work, so that a person can be told. */
export async function openMirroredDatabase(
  sqlite: Sqlite3Static,
  profile: string,
  failed: (error: OperationalError) => void,
): Promise<MirroredStorage> {
  const store = await BlockStore.open(`hawser-${profile}`);
  const vfsName = `hawser-memory-${profile}`;
  const files = installMemoryVfs(sqlite, vfsName);
  const file = new BlockFile();
  const kept = await store.load();
  if (kept.sizeBytes > 0) file.restore(kept.sizeBytes, kept.blocks);
  files.set(PATH, file);

  const raw = new sqlite.oo1.DB({ filename: PATH, flags: "c", vfs: vfsName });
  raw.exec(
    "PRAGMA page_size = 4096; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON",
  );

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
  const database = new WebSqliteDatabase(sqlite, raw, () => {
    clearInterval(timer);
    void flush()
      .catch(() => undefined)
      .finally(() => store.close());
  });
  return { database, flush };
}
