/**
 * What a browser keeps for the app, lost or damaged from a page of the same origin that is not the app: alike in all engines. The worker of
 * the page that was left may hold on to it for a moment.
 */
import type { AppPage } from "./engines/app-page.ts";

export type PageStore = "marks" | "databases" | "files";

/** A page of the app's origin without the app, so that nobody holds its files. */
export const leaveApp = (page: AppPage, url: string): Promise<unknown> => page.goto(`${url}/icon-180.png`);

/** `marks`: local storage, caches and cookies that scripts can see. `databases`: all of IndexedDB, or those that `only` names. */
export const clearStores = (page: AppPage, stores: readonly PageStore[], only?: readonly string[]): Promise<void> =>
  page.evaluate(
    async ({ stores, only }: { stores: readonly string[]; only: readonly string[] | undefined }) => {
      const gone = (name: string): Promise<void> =>
        new Promise((resolve, reject) => {
          const request = indexedDB.deleteDatabase(name);
          request.addEventListener("success", () => resolve());
          request.addEventListener("error", () => reject(request.error ?? new Error("it stays")));
        });
      if (stores.includes("marks")) {
        localStorage.clear();
        for (const name of await caches.keys()) await caches.delete(name);
        for (const cookie of document.cookie.split("; ")) document.cookie = `${cookie.split("=", 1)[0]!}=; max-age=0; path=/`;
      }
      if (stores.includes("databases")) {
        const names = (await indexedDB.databases()).flatMap(({ name }) => name ?? []);
        for (const name of names) if (only === undefined || only.includes(name)) await gone(name);
      }
      if (!stores.includes("files") || typeof navigator.storage.getDirectory !== "function") return;
      const root = await navigator.storage.getDirectory();
      const entries: string[] = [];
      for await (const name of root.keys()) entries.push(name);
      for (const name of entries) {
        for (let tries = 0; ; tries++) {
          try {
            await root.removeEntry(name, { recursive: true });
            break;
          } catch (error) {
            if (tries === 100) throw error;
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
        }
      }
    },
    { stores, only },
  );

/** Overwrites blocks of a database that is mirrored to IndexedDB; returns how many it has. */
export const overwriteBlocks = (page: AppPage, database: string, first: number, count: number): Promise<number> =>
  page.evaluate(
    async ([name, from, many]: readonly [string, number, number]) => {
      const settled = <T>(request: IDBRequest<T>): Promise<T> =>
        new Promise((resolve, reject) => {
          request.addEventListener("success", () => resolve(request.result));
          request.addEventListener("error", () => reject(request.error ?? new Error("no answer")));
        });
      const opened = await settled(indexedDB.open(name));
      const store = opened.transaction("blocks", "readwrite").objectStore("blocks");
      const keys = ((await settled(store.getAllKeys())) as number[]).filter((key) => key >= 0);
      for (const key of keys)
        if (key >= from && key < from + many) await settled(store.put(crypto.getRandomValues(new Uint8Array(16_384)), key));
      opened.close();
      return keys.length;
    },
    [database, first, count] as const,
  );

/** Overwrites pages of the app's database where it lies in the pool; returns how many pages it has. */
export const overwritePages = (page: AppPage, name: string, first: number, count: number): Promise<number> =>
  page.evaluate(
    async ([name, from, many]: readonly [string, number, number]) => {
      const PAGE = 4_096;
      const decoder = new TextDecoder();
      const walk = async (folder: FileSystemDirectoryHandle): Promise<FileSystemFileHandle | undefined> => {
        for await (const entry of folder.values()) {
          const found = entry.kind === "directory" ? await walk(entry) : entry;
          if (found === undefined) continue;
          if (entry.kind === "directory") return found;
          const head = decoder.decode(await (await found.getFile()).slice(0, 64).arrayBuffer());
          if (head.startsWith(`${name}\0`)) return found;
        }
        return undefined;
      };
      const file = await walk(await navigator.storage.getDirectory());
      if (file === undefined) throw new Error("there is no database");
      const pages = Math.floor((await file.getFile()).size / PAGE) - 1;
      // The worker of the page that was left may still be letting go of it.
      let writable: FileSystemWritableFileStream | undefined;
      for (let tries = 0; writable === undefined; tries++) {
        try {
          writable = await file.createWritable({ keepExistingData: true });
        } catch (error) {
          if (tries === 100) throw error;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
      const noise = crypto.getRandomValues(new Uint8Array(PAGE));
      for (let index = from; index < Math.min(from + many, pages); index++)
        await writable.write({ type: "write", position: PAGE * (1 + index), data: noise });
      await writable.close();
      return pages;
    },
    [name, first, count] as const,
  );
