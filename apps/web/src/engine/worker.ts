/**
 * The engine's worker: finds storage, makes the client from the browser's ports, and serves it to the page that started it
 * and to the other tabs. The composition root of the web app's engine; little logic belongs here. Storage and the client's own code
 * come beside one another: SQLite waits for the disk while the other is parsed.
 */
import { OperationalError, type SqlDatabase } from "@hawser/base";
import { acceptPages, loadSqlite, openIdentityVault, openStorage, watchStorage } from "@hawser/io-web";
import { serveWorkerClient, type HawserClient } from "@hawser/sdk";
import { flushedClient } from "./flushed-client.ts";
import type { EngineNotice, StartEngine } from "./worker-messages.ts";

interface WorkerScope {
  postMessage(message: EngineNotice): void;
  addEventListener(type: "message", listener: (event: MessageEvent<StartEngine>) => void): void;
}
const scope = globalThis as unknown as WorkerScope;

// Both begin before the page has said which profile it is; whoever waits for them hears of a failure.
const clientCode = import("./engine-client.ts");
loadSqlite().catch(() => undefined);
clientCode.catch(() => undefined);

async function openEngine(start: StartEngine): Promise<HawserClient> {
  const lost = (): void => scope.postMessage({ type: "storage-lost" });
  const vault = await openIdentityVault(start.face);
  const salvage = async (from: SqlDatabase | undefined, to: SqlDatabase): Promise<number> => (await clientCode).salvageStore(from, to);
  const storage = await openStorage({ profile: start.face, failed: lost, vault, salvage });
  watchStorage(start.face, storage.kind, lost);
  const { openEngineClient } = await clientCode;
  // Where the database is a mirror in IndexedDB both go together, and where nothing is kept nothing may come back.
  const client = openEngineClient(start, storage, storage.kind === "opfs" ? vault : undefined);
  return storage.kind === "indexeddb" ? flushedClient(client, () => storage.flush()) : client;
}

scope.addEventListener("message", ({ data: start }) => {
  if (start.type !== "start") return;
  const client = openEngine(start);
  serveWorkerClient(start.port, client);
  acceptPages(start.face, (port) => serveWorkerClient(port, client));
  client.then(
    () => scope.postMessage({ type: "started" }),
    (error: unknown) => scope.postMessage({ type: "failed", code: error instanceof OperationalError ? error.code : "INTERNAL" }),
  );
});
