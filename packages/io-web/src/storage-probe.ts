/**
 * Looks at what this browser gives to pages, without opening the engine: a private window, a denied file system, no room. Facts tried on
 * Chromium, Firefox and WebKitGTK: a private window has a small quota, or refuses the file system with SecurityError.
 */
import type { Findings } from "@hawser/diagnosis";

/** As in `open-storage.ts`: a private window gives a share of memory, not of the disk. */
const SMALLEST_LASTING_QUOTA_BYTES = 300 * 1_048_576;
/** Less than this holds no transaction with an attachment. */
const SCARCE_BYTES = 4 * 1_048_576;

/** `undefined` where the browser says nothing about its storage. */
export async function probeStorage(): Promise<Findings["storage"] | undefined> {
  if (!(await hasAnyStorage())) return { kind: "fleeting" };
  try {
    const { quota = 0, usage = 0 } = await navigator.storage.estimate();
    if (quota > 0 && quota - usage < SCARCE_BYTES) return { kind: "full" };
    if (await navigator.storage.persisted()) return { kind: "lasting" };
    if (quota < SMALLEST_LASTING_QUOTA_BYTES || (await isFileSystemRefused())) return { kind: "private" };
    return { kind: "best-effort" };
  } catch {
    return undefined;
  }
}

async function isFileSystemRefused(): Promise<boolean> {
  try {
    await navigator.storage.getDirectory();
    return false;
  } catch (error) {
    return (error as Error).name === "SecurityError";
  }
}

async function hasAnyStorage(): Promise<boolean> {
  try {
    await indexedDB.databases();
    return true;
  } catch {
    return false;
  }
}
