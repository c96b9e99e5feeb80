/**
 * What a browser profile really has on its disk. The app's database lies in the origin private file system in a pool of files; each
 * begins with a page that holds the name under which SQLite knows it (sqlite-wasm, "OpfsSAHPool": 4,096 bytes, name first).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { filesBelow } from "./needle.ts";

const POOL_HEADER_BYTES = 4_096;
const LONGEST_NAME = 512;
const SQLITE_NAME = /^\/hawser[^\0]*\.db(-wal|-journal)?\0/;

export interface StoredSecret {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Every secret key in the profile's database: the identity's two, the state key, the account's seed on a phone. */
export function storedSecrets(profileDir: string): StoredSecret[] {
  return withDatabase(profileDir, (database) => {
    const value = (key: string): Buffer | undefined => {
      const row = database.prepare("SELECT value FROM kv WHERE key = ?").get(key) as { value: Uint8Array } | undefined;
      return row && Buffer.from(row.value);
    };
    const identity = value("identity");
    if (identity === undefined) throw new Error("the database holds no identity");
    const found = [
      { name: "identity's agreement key", bytes: identity.subarray(0, 32) },
      { name: "identity's signing key", bytes: identity.subarray(64, 96) },
      { name: "state key", bytes: value("state-key") },
      { name: "account seed", bytes: value("account-seed") },
    ];
    return found.filter((secret): secret is StoredSecret => secret.bytes !== undefined);
  });
}

/** `name in file` for each of the byte strings that stands anywhere in the profile's folder. */
export function findOnDisk(profileDir: string, needles: readonly StoredSecret[]): string[] {
  return filesBelow(profileDir).flatMap((path) => {
    const bytes = read(path);
    return needles.filter((needle) => bytes.includes(needle.bytes)).map((needle) => `${needle.name} in ${relative(profileDir, path)}`);
  });
}

function withDatabase<T>(profileDir: string, body: (database: DatabaseSync) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "hawser-disk-"));
  try {
    let main: string | undefined;
    for (const path of filesBelow(profileDir)) {
      const bytes = read(path);
      const name = SQLITE_NAME.exec(bytes.toString("latin1", 0, LONGEST_NAME))?.[0].slice(1, -1);
      if (name === undefined) continue;
      writeFileSync(join(folder, basename(name)), bytes.subarray(POOL_HEADER_BYTES));
      if (name.endsWith(".db")) main = join(folder, basename(name));
    }
    if (main === undefined) throw new Error(`no database in ${profileDir}`);
    const database = new DatabaseSync(main);
    try {
      return body(database);
    } finally {
      database.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Chromium deletes and renames as it runs. */
function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
