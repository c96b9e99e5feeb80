/**
 * Copies of a server's data, taken while it runs. Invariants: each store is copied as of one moment; every blob in the
 * copied books is in the copy; a copy is complete exactly if its manifest exists. docs/OPERATIONS.md, "Backups".
 */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { OperationalError } from "@hawser/base";

export const MANIFEST_NAME = "manifest.json";

export interface BackupSummary {
  readonly format: 1;
  readonly createdAt: string;
  readonly serverVersion: string;
  /** Size and SHA-256 of each store's file. */
  readonly stores: Readonly<Record<string, { readonly sizeBytes: number; readonly sha256: string }>>;
  readonly blobs: { readonly count: number; readonly sizeBytes: number };
}

/** Runs beside the server, in a thread of its own. The target must be empty or missing. */
export function backup(dataDir: string, targetDir: string): Promise<BackupSummary> {
  const target = resolve(targetDir);
  if (existsSync(target) && readdirSync(target).length > 0) {
    return Promise.reject(new OperationalError("STORE_UNAVAILABLE", { message: "the target folder is not empty" }));
  }
  mkdirSync(target, { recursive: true, mode: 0o700 });
  return new Promise((done, fail) => {
    const worker = new Worker(new URL("backup-worker.ts", import.meta.url), {
      workerData: { dataDir: resolve(dataDir), targetDir: target },
    });
    worker.once("message", (summary: BackupSummary) => done(summary));
    worker.once("error", (cause) => fail(new OperationalError("STORE_UNAVAILABLE", { message: "the backup failed", cause })));
    worker.once("exit", (code) => fail(new OperationalError("STORE_UNAVAILABLE", { message: `the backup ended with code ${code}` })));
  });
}
