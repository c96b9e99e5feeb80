/** What the store's own failures look like, as the SQLite drivers word them. They are nobody's message's fault. */
import { OperationalError } from "@hawser/base";

const FULL = /database or disk is full|quota/i;
const BROKEN = /disk I\/O error|database disk image is malformed/i;
/** Another process, a folder made read-only, no memory: it may be better in a moment. */
const UNAVAILABLE = /database is locked|readonly database|out of memory|unable to open database|no such savepoint/i;

/** SQLITE_FULL and SQLITE_IOERR become what a person can act on; anything else stays what it is. */
export function storageError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof OperationalError) return error;
  if (FULL.test(error.message)) return new OperationalError("STORAGE_FULL", { cause: error, retry: { afterMs: 60_000 } });
  if (BROKEN.test(error.message)) return new OperationalError("STORAGE_LOST", { cause: error });
  return error;
}

export function isStorageTrouble(error: unknown): boolean {
  if (error instanceof OperationalError) return error.code === "STORAGE_FULL" || error.code === "STORAGE_LOST";
  return error instanceof Error && [FULL, BROKEN, UNAVAILABLE].some((words) => words.test(error.message));
}
