/**
 * A database in the pool that cannot be read as a whole is rebuilt from the rows that can. Invariant: the damaged file is there until the
 * rebuilt one is complete; what was cut off in between begins anew.
 */
import type { SqlDatabase } from "@hawser/base";
import { WebSqliteDatabase } from "./sqlite-database.ts";
import type { Sqlite3Database, Sqlite3Static } from "./sqlite-module.ts";

/** Moves rows; `from` is `undefined` when nothing of the file can be read. */
export type Salvage = (from: SqlDatabase | undefined, to: SqlDatabase) => Promise<unknown> | unknown;

export interface RebuildPool {
  readonly OpfsSAHPoolDb: new (name: string) => Sqlite3Database;
  getFileNames(): string[];
  exportFile(name: string): Uint8Array | Promise<Uint8Array>;
  importDb(name: string, bytes: Uint8Array): number | Promise<number>;
  unlink(name: string): boolean;
}

const REBUILT = "/hawser-rebuilt.db";
/** `application_id` of a rebuilt file that is complete. */
const COMPLETE = 0x4857_5242;

/** Whether every page can be read and fits the others. */
export function isSound(database: Sqlite3Database): boolean {
  try {
    return database.selectValue("PRAGMA quick_check(1)") === "ok";
  } catch {
    return false;
  }
}

/** Leaves a sound database under `name`. */
export async function rebuild(sqlite: Sqlite3Static, pool: RebuildPool, name: string, salvage: Salvage): Promise<void> {
  if (!isComplete(pool)) await collect(sqlite, pool, name, salvage);
  const bytes = await pool.exportFile(REBUILT);
  remove(pool, name);
  await pool.importDb(name, bytes);
  remove(pool, REBUILT);
}

async function collect(sqlite: Sqlite3Static, pool: RebuildPool, name: string, salvage: Salvage): Promise<void> {
  remove(pool, REBUILT);
  const raw = new pool.OpfsSAHPoolDb(REBUILT);
  raw.exec("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON");
  const to = new WebSqliteDatabase(sqlite, raw);
  const damaged = tryOpen(sqlite, pool, name);
  await salvage(damaged, to);
  damaged?.close();
  raw.exec(`PRAGMA application_id = ${COMPLETE}`);
  to.close();
}

function tryOpen(sqlite: Sqlite3Static, pool: RebuildPool, name: string): WebSqliteDatabase | undefined {
  const raw = new pool.OpfsSAHPoolDb(name);
  try {
    raw.exec("PRAGMA locking_mode = EXCLUSIVE; SELECT count(*) FROM sqlite_schema");
    return new WebSqliteDatabase(sqlite, raw);
  } catch {
    raw.close();
    return undefined;
  }
}

/** A rebuilt file that was complete when the worker ended. */
function isComplete(pool: RebuildPool): boolean {
  if (!pool.getFileNames().includes(REBUILT)) return false;
  const raw = new pool.OpfsSAHPoolDb(REBUILT);
  try {
    return raw.selectValue("PRAGMA application_id") === COMPLETE && isSound(raw);
  } catch {
    return false;
  } finally {
    raw.close();
  }
}

function remove(pool: RebuildPool, name: string): void {
  for (const ending of ["", "-wal", "-journal"]) if (pool.getFileNames().includes(name + ending)) pool.unlink(name + ending);
}
