/**
 * The database in the origin private file system, through SQLite's pool of synchronous handles: needs no special headers and
 * commits in about a millisecond. Only one worker may hold the pool; the tab that held it before may still be letting go.
 */
import type { SqlDatabase } from "@hawser/base";
import { WebSqliteDatabase } from "./sqlite-database.ts";
import { isSound, rebuild, type RebuildPool, type Salvage } from "./rebuild.ts";
import type { Sqlite3Database, Sqlite3Static } from "./sqlite-module.ts";

const RETRY_EVERY_MS = 20;
/** A worker that was ended frees its handles well within this. */
const GIVE_UP_AFTER_MS = 3_000;
/** Handles held open: database, journal, and room for temporary files. */
const POOL_FILES = 6;

export const poolDirectory = (profile: string): string => `hawser-${profile}`;

interface Pool extends RebuildPool {
  pauseVfs(): unknown;
}

const NAME = "/hawser.db";
/** Up to here a database is looked through after it was left open; it takes a few milliseconds. */
const CHECKED_BYTES = 8 * 1_048_576;

/** What to do about a database that may be damaged. */
export interface Repair {
  readonly suspicion: "damaged" | "left-open" | undefined;
  readonly salvage: Salvage;
  /** A page could not be read just now: the next opening is suspicious. */
  readonly damaged: () => void;
  readonly repaired: () => void;
  readonly closed: () => void;
}

/** Rejects where there is no such file system, or when another worker keeps holding it. `noted` is waited for when the files are open. */
export async function openPoolDatabase(sqlite: Sqlite3Static, profile: string, noted?: Promise<Repair | undefined>): Promise<SqlDatabase> {
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
      const repair = await noted;
      const database = await openSound(sqlite, pool, repair);
      const closed = (): void => {
        pool.pauseVfs();
        repair?.closed();
      };
      return new WebSqliteDatabase(sqlite, database, closed, repair?.damaged);
    } catch (error) {
      // Handles held elsewhere: that worker was told to end, so this passes. Anything else is for good.
      if ((error as Error).name !== "NoModificationAllowedError" || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_EVERY_MS));
    }
  }
}

/** One connection only, so the write-ahead log needs no shared memory; each commit is one flush. */
const SETTINGS =
  "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384; PRAGMA foreign_keys = ON";

/** Opens it as it is, or, when it is damaged, what can be read of it. */
async function openSound(sqlite: Sqlite3Static, pool: Pool, repair: Repair | undefined): Promise<Sqlite3Database> {
  const database = open(pool, repair);
  if (database !== undefined && (repair === undefined || !isSuspicious(database, repair))) return database;
  if (database !== undefined && isSound(database)) {
    // What its last user left in the log goes to its place, where damage can be seen: a log that is cut off looks like an older copy.
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    return database;
  }
  database?.close();
  await rebuild(sqlite, pool, NAME, repair!.salvage);
  repair!.repaired();
  return open(pool, undefined)!;
}

/** `undefined` when it cannot be read at all and may be repaired. */
function open(pool: Pool, repair: Repair | undefined): Sqlite3Database | undefined {
  const database = new pool.OpfsSAHPoolDb(NAME);
  try {
    database.exec(SETTINGS);
    return database;
  } catch (error) {
    database.close();
    const result = (error as { resultCode?: unknown }).resultCode;
    if (repair === undefined || typeof result !== "number" || !UNREADABLE.has(result & 0xff)) throw error;
    return undefined;
  }
}

/** SQLITE_CORRUPT, SQLITE_NOTADB. */
export const UNREADABLE: ReadonlySet<number> = new Set([11, 26]);

export function isSuspicious(database: Sqlite3Database, { suspicion }: Repair): boolean {
  if (suspicion !== "left-open") return suspicion === "damaged";
  try {
    const pages = Number(database.selectValue("PRAGMA page_count"));
    return pages * Number(database.selectValue("PRAGMA page_size")) <= CHECKED_BYTES;
  } catch {
    return true;
  }
}
