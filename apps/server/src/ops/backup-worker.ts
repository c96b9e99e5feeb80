/**
 * The thread that copies. A store is copied by `VACUUM INTO`, which reads one snapshot and disturbs no writer; blobs never
 * change, so a hard link is a copy (where the target is on another disk, they are copied).
 */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { PROGRAM_VERSION } from "@hawser/base/version";
import { type BackupSummary, MANIFEST_NAME } from "./backup.ts";
import { BACKED_UP_ROLES, blobsPath, certificatePath, storePath } from "./data-dir.ts";

const { dataDir, targetDir } = workerData as { dataDir: string; targetDir: string };

function copyStore(source: string, target: string): void {
  const database = new DatabaseSync(source, { timeout: 10_000 });
  try {
    database.prepare("VACUUM INTO ?").run(target);
  } finally {
    database.close();
  }
  const copy = new DatabaseSync(target);
  const sound = copy.prepare("PRAGMA quick_check").get() as { quick_check: string };
  copy.close();
  if (sound.quick_check !== "ok") throw new Error("a copied store is damaged");
  syncFile(target);
}

/** Every blob of the copied books. One whose retention ended since is left out. */
function copyBlobs(): BackupSummary["blobs"] {
  const books = new DatabaseSync(storePath(targetDir, "blobs"), { readOnly: true });
  const done = { count: 0, sizeBytes: 0 };
  for (const row of books.prepare("SELECT lower(hex(id)) AS id, size_bytes FROM blobs").iterate() as Iterable<{
    id: string;
    size_bytes: number;
  }>) {
    const source = join(blobsPath(dataDir), row.id.slice(0, 2), row.id);
    const folder = join(blobsPath(targetDir), row.id.slice(0, 2));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!linkOrCopy(source, join(folder, row.id))) continue;
    done.count++;
    done.sizeBytes += row.size_bytes;
  }
  books.close();
  return done;
}

function linkOrCopy(source: string, target: string): boolean {
  try {
    linkSync(source, target);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return false;
    if (code !== "EXDEV" && code !== "EPERM" && code !== "EMLINK" && code !== "ENOTSUP") throw error;
  }
  copyFileSync(source, target);
  syncFile(target);
  return true;
}

function syncFile(path: string): void {
  const file = openSync(path, "r");
  fsyncSync(file);
  closeSync(file);
}

const stores: Record<string, { sizeBytes: number; sha256: string }> = {};
// Messages first: a copied message's accounts and devices are then in the copied directory.
for (const role of BACKED_UP_ROLES) {
  const target = storePath(targetDir, role);
  copyStore(storePath(dataDir, role), target);
  stores[role] = { sizeBytes: statSync(target).size, sha256: createHash("sha256").update(readFileSync(target)).digest("hex") };
}
const blobs = copyBlobs();
if (existsSync(certificatePath(dataDir))) copyFileSync(certificatePath(dataDir), certificatePath(targetDir));
const summary: BackupSummary = { format: 1, createdAt: new Date().toISOString(), serverVersion: PROGRAM_VERSION, stores, blobs };
const manifest = join(targetDir, MANIFEST_NAME);
writeFileSync(`${manifest}.new`, `${JSON.stringify(summary, undefined, 2)}\n`, { mode: 0o600 });
syncFile(`${manifest}.new`);
renameSync(`${manifest}.new`, manifest);
syncFile(targetDir);
parentPort?.postMessage(summary);
