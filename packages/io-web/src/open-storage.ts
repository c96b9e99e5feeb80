/**
 * Finds the best place for a profile's database that this browser has: the file system pool, else memory mirrored to
 * IndexedDB, else memory alone, which the person is told about.
 */
import { OperationalError, type SqlDatabase } from "@hawser/base";
import { openMirroredDatabase } from "./mirrored-storage.ts";
import type { WebVault } from "./identity-vault.ts";
import { openPoolDatabase, type Repair } from "./pool-storage.ts";
import type { Salvage } from "./rebuild.ts";
import { loadSqlite } from "./sqlite-module.ts";
import { WebSqliteDatabase } from "./sqlite-database.ts";

export type StorageKind = "opfs" | "indexeddb" | "memory";

export interface OpenedStorage {
  readonly database: SqlDatabase;
  readonly kind: StorageKind;
  /** Whether the browser promised to keep the data; false in private windows too, as far as they can be told. */
  readonly durable: boolean;
  /** Resolves when everything committed so far would survive the worker's end. */
  flush(): Promise<void>;
}

export interface StorageOptions {
  /** Names the profile; profiles of one origin never see one another. */
  readonly profile: string;
  /** Starts lower on the ladder: for tests, and for repair. */
  readonly use?: StorageKind;
  /** What was noted of the database, still being read, and how to rebuild it from rows when it is damaged. */
  readonly vault?: Promise<WebVault | undefined>;
  readonly salvage?: Salvage;
  /** A write in the background failed: quota, or storage that was taken away. */
  readonly failed?: (error: OperationalError) => void;
}

/** A private window gives a page a small share of memory instead of a share of the disk. */
const SMALLEST_LASTING_QUOTA_BYTES = 300 * 1_048_576;

/** Runs in a dedicated worker. Never falls from the file system to something else when data lies there: that would look like loss. */
export async function openStorage(options: StorageOptions): Promise<OpenedStorage> {
  // Asked while SQLite loads: an estimate takes a browser longer the more it holds.
  const lasting = looksLasting();
  const sqlite = await loadSqlite();
  const failed = options.failed ?? (() => undefined);
  let denied = false;
  if ((options.use ?? "opfs") === "opfs") {
    try {
      const database = await openPoolDatabase(sqlite, options.profile, repairOf(options));
      void (await options.vault)?.note("open");
      return { database, kind: "opfs", durable: await lasting, flush: () => Promise.resolve() };
    } catch (cause) {
      // There, but not for this page: Firefox says so in a private window, whose other storage works until the window closes.
      denied = (cause as Error).name === "SecurityError";
      if ((cause as Error).name === "NoModificationAllowedError") {
        throw new OperationalError("STORE_UNAVAILABLE", { message: "another tab holds the database", retry: { afterMs: 1_000 }, cause });
      }
    }
  }
  if (options.use !== "memory") {
    try {
      const mirrored = await openMirroredDatabase(sqlite, options.profile, failed, await repairOf(options));
      void (await options.vault)?.note("open");
      return { ...mirrored, kind: "indexeddb", durable: !denied && (await lasting) };
    } catch {
      // storage denied altogether
    }
  }
  return {
    database: new WebSqliteDatabase(sqlite, new sqlite.oo1.DB(":memory:")),
    kind: "memory",
    durable: false,
    flush: () => Promise.resolve(),
  };
}

async function repairOf({ vault: reading, salvage, failed }: StorageOptions): Promise<Repair | undefined> {
  const vault = await reading;
  if (vault === undefined || salvage === undefined) return undefined;
  let told = false;
  return {
    suspicion: vault.suspicion,
    salvage,
    damaged() {
      if (told) return;
      told = true;
      void vault.note("damaged");
      failed?.(new OperationalError("STORAGE_LOST", { message: "the database file is damaged" }));
    },
    repaired: () => void vault.note("sound"),
    closed: () => void vault.note("closed"),
  };
}

async function looksLasting(): Promise<boolean> {
  try {
    if (await navigator.storage.persisted()) return true;
    const { quota } = await navigator.storage.estimate();
    return (quota ?? 0) >= SMALLEST_LASTING_QUOTA_BYTES;
  } catch {
    return false;
  }
}
