/**
 * The database in the origin private file system, through SQLite's pool of synchronous handles: needs no special headers and
 * commits in about a millisecond. Only one worker may hold the pool; the tab that held it before may still be letting go.
 */
import type { SqlDatabase } from "@hawser/base";
import { WebSqliteDatabase } from "./sqlite-database.ts";
import type { Sqlite3Database, Sqlite3Static } from "./sqlite-module.ts";

const RETRY_EVERY_MS = 20;
/** A worker that was ended frees its handles well within this. */
const GIVE_UP_AFTER_MS = 3_000;
/** Handles held open: database, journal, and room for temporary files. */
const POOL_FILES = 6;

export const poolDirectory = (profile: string): string => `hawser-${profile}`;

interface Pool {
  readonly OpfsSAHPoolDb: new (name: string) => Sqlite3Database;
  pauseVfs(): unknown;
}

/** Rejects where there is no such file system, or when another worker keeps holding it. */
export async function openPoolDatabase(sqlite: Sqlite3Static, profile: string): Promise<SqlDatabase> {
  if (typeof navigator.storage?.getDirectory !== "function") throw new Error("no origin private file system");
  const deadline = performance.now() + GIVE_UP_AFTER_MS;
  for (;;) {
    try {
      const pool = (await sqlite.installOpfsSAHPoolVfs({
        name: `hawser-${profile}`,
        directory: poolDirectory(profile),
        initialCapacity: POOL_FILES,
        preserveOnInitFailure: true,
        forceReinitIfPreviouslyFailed: true,
        // What fails is thrown and judged below; a page loaded again often finds the handles of the one before still open.
        verbosity: 0,
      } as Parameters<Sqlite3Static["installOpfsSAHPoolVfs"]>[0])) as unknown as Pool;
      const database = new pool.OpfsSAHPoolDb("/hawser.db");
      // One connection only, so the write-ahead log needs no shared memory; each commit is one flush.
      database.exec(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384; PRAGMA foreign_keys = ON",
      );
      return new WebSqliteDatabase(sqlite, database, () => pool.pauseVfs());
    } catch (error) {
      // Handles held elsewhere: that worker was told to end, so this passes. Anything else is for good.
      if ((error as Error).name !== "NoModificationAllowedError" || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_EVERY_MS));
    }
  }
}
