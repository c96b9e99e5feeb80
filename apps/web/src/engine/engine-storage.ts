/** Storage and vault of a profile: the part of the engine that waits for the disk. */
import { openIdentityVault, type WebVault } from "@hawser/io-web/identity-vault";
import { openStorage, type OpenedStorage } from "@hawser/io-web/open-storage";
import type { Salvage } from "@hawser/io-web/rebuild";
import { loadSqlite } from "@hawser/io-web/sqlite-module";
import { watchStorage } from "@hawser/io-web/storage-heartbeat";
import type { Face } from "../entry/remembered.ts";

// Whoever waits for it hears of a failure.
loadSqlite().catch(() => undefined);

export interface EngineStorage {
  readonly storage: OpenedStorage;
  readonly vault: WebVault | undefined;
}

/** `lost` hears that the storage was cleared or damaged while it is used. */
export async function openEngineStorage(face: Face, lost: () => void, salvage: Salvage): Promise<EngineStorage> {
  const vault = openIdentityVault(face);
  const storage = await openStorage({ profile: face, failed: lost, vault, salvage });
  watchStorage(face, storage.kind, lost);
  // Where nothing is kept nothing may come back.
  return { storage, vault: storage.kind === "memory" ? undefined : await vault };
}
