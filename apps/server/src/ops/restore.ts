/**
 * Puts a backup into an empty data folder. Invariant: what a copy must not repeat is cut off before the first start.
 */
import { createHash } from "node:crypto";
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OperationalError } from "@hawser/base";
import { openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { cutOff } from "./cut-off.ts";
import { type BackupSummary, MANIFEST_NAME } from "./backup.ts";
import { BACKED_UP_ROLES, blobsPath, certificatePath, lockDataDir, ROLE_NAMES, storePath } from "./data-dir.ts";

/** @throws OperationalError when the copy is incomplete or damaged, or the data folder holds stores. */
export function restore(backupDir: string, dataDir: string): BackupSummary {
  const summary = readManifest(backupDir);
  const lock = lockDataDir(dataDir);
  try {
    if (ROLE_NAMES.some((role) => existsSync(storePath(dataDir, role))))
      throw refused("the data folder already holds stores: move them away first");
    for (const role of BACKED_UP_ROLES) {
      const digest = createHash("sha256")
        .update(readFileSync(storePath(backupDir, role)))
        .digest("hex");
      if (digest !== summary.stores[role]?.sha256) throw refused(`the copy of ${role}.db is damaged`);
    }
    if (existsSync(blobsPath(backupDir))) cpSync(blobsPath(backupDir), blobsPath(dataDir), { recursive: true });
    if (existsSync(certificatePath(backupDir))) copyFileSync(certificatePath(backupDir), certificatePath(dataDir));
    for (const role of BACKED_UP_ROLES) copyFileSync(storePath(backupDir, role), storePath(dataDir, role));
    cutOffStores(dataDir);
    return summary;
  } finally {
    lock.release();
  }
}

function cutOffStores(dataDir: string): void {
  const mailbox = openSqliteDatabase(storePath(dataDir, "mailbox"));
  const preKeys = openSqliteDatabase(storePath(dataDir, "prekeys"));
  cutOff({ mailbox, preKeys }, systemRandom);
  mailbox.close();
  preKeys.close();
}

function readManifest(backupDir: string): BackupSummary {
  const path = join(backupDir, MANIFEST_NAME);
  if (!existsSync(path)) throw refused("the backup is not complete: it has no manifest");
  const summary = JSON.parse(readFileSync(path, "utf8")) as BackupSummary;
  if (summary.format !== 1) throw refused("the backup was made by a newer server");
  return summary;
}

/** Every file in which this server keeps data, for audits and for searching them for what must not be there. */
export function dataFiles(dataDir: string): string[] {
  return readdirSync(dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const refused = (message: string): OperationalError => new OperationalError("STORE_UNAVAILABLE", { message, retry: "never" });
