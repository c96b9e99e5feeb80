/** Blocks of one file in IndexedDB. Invariant: one call of `store` is one transaction there: all of it or nothing. */
import type { FileChanges } from "./block-file.ts";
import { settled } from "./settled.ts";

const SIZE_KEY = -1;
const STORE = "blocks";

export class BlockStore {
  readonly #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
  }

  /** Rejects where IndexedDB is denied. */
  static async open(name: string): Promise<BlockStore> {
    const request = indexedDB.open(name, 1);
    request.addEventListener("upgradeneeded", () => request.result.createObjectStore(STORE));
    return new BlockStore(await settled(request));
  }

  async load(): Promise<{ sizeBytes: number; blocks: [number, Uint8Array<ArrayBuffer>][] }> {
    const store = this.#database.transaction(STORE, "readonly").objectStore(STORE);
    const [keys, values] = await Promise.all([settled(store.getAllKeys()), settled(store.getAll())]);
    let sizeBytes = 0;
    const blocks: [number, Uint8Array<ArrayBuffer>][] = [];
    for (const [position, key] of (keys as number[]).entries()) {
      if (key === SIZE_KEY) sizeBytes = values[position] as number;
      else blocks.push([key, values[position] as Uint8Array<ArrayBuffer>]);
    }
    return { sizeBytes, blocks };
  }

  store(changes: FileChanges, blockSizeBytes: number): Promise<void> {
    const transaction = this.#database.transaction(STORE, "readwrite", { durability: "strict" });
    const store = transaction.objectStore(STORE);
    for (const { index, bytes } of changes.blocks) store.put(bytes, index);
    store.put(changes.sizeBytes, SIZE_KEY);
    store.delete(IDBKeyRange.lowerBound(Math.ceil(changes.sizeBytes / blockSizeBytes)));
    return new Promise((resolve, reject) => {
      transaction.addEventListener("complete", () => resolve());
      transaction.addEventListener("abort", () => reject(transaction.error ?? new Error("IndexedDB gave up")));
    });
  }

  close(): void {
    this.#database.close();
  }
}
