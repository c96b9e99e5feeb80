/**
 * Notices that a person or the browser cleared the storage while it was in use. Open handles then keep working on a file that
 * no longer exists, and everything would be gone at the next reload without a word.
 */
import { poolDirectory } from "./pool-storage.ts";
import type { StorageKind } from "./open-storage.ts";

const BEAT_EVERY_MS = 5_000;

/** Calls `lost` once. Returns a function that stops watching. */
export function watchStorage(profile: string, kind: StorageKind, lost: () => void): () => void {
  if (kind === "memory") return () => undefined;
  let over = false;
  const beat = async (): Promise<void> => {
    if (over || (await isThere(profile, kind)) || over) return;
    over = true;
    clearInterval(timer);
    lost();
  };
  const timer = setInterval(() => void beat(), BEAT_EVERY_MS);
  return () => {
    over = true;
    clearInterval(timer);
  };
}

async function isThere(profile: string, kind: StorageKind): Promise<boolean> {
  try {
    if (kind === "opfs") {
      await (await navigator.storage.getDirectory()).getDirectoryHandle(poolDirectory(profile));
      return true;
    }
    return (await indexedDB.databases()).some(({ name }) => name === `hawser-${profile}`);
  } catch (error) {
    return (error as Error).name !== "NotFoundError";
  }
}
