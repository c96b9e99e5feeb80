/** Looks at a profile's folder without opening the client: is it damaged, full, or in memory? Reads only. */
import { existsSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Findings } from "@hawser/diagnosis";

/** statfs(2): file systems that live in memory and are gone with the machine's next start. */
const MEMORY_FILE_SYSTEMS = new Set([0x01021994, 0x858458f6]);
/** Less than this holds no transaction with an attachment. */
const SCARCE_BYTES = 16 * 1_048_576;
/** Larger files are checked in their schema only: reading them through takes longer than a verdict may. */
const MAX_CHECKED_BYTES = 64 * 1_048_576;

/** `folder` may not exist yet: then the place where it would be made is looked at. */
export async function probeStorage(folder: string, file = "client.db"): Promise<Findings["storage"]> {
  const path = join(folder, file);
  if (existsSync(path) && !isIntact(path)) return { kind: "damaged" };
  let existing = folder;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const { type, bavail, bsize } = await statfs(existing);
  if (bavail * bsize < SCARCE_BYTES) return { kind: "full" };
  return { kind: MEMORY_FILE_SYSTEMS.has(type) ? "fleeting" : "lasting" };
}

function isIntact(path: string): boolean {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    if (statSync(path).size > MAX_CHECKED_BYTES) return true;
    const row = database.prepare("PRAGMA quick_check(1)").get() as { quick_check?: string } | undefined;
    return row?.quick_check === "ok";
  } catch (error) {
    // A lock of somebody's is no damage.
    return /locked|busy/i.test((error as Error).message);
  } finally {
    database?.close();
  }
}
