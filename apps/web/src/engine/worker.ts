/**
 * The engine's worker: finds storage, makes the client from the browser's ports, and serves it to the page that started it
 * and to the other tabs. The composition root of the web app's engine; little logic belongs here. It is small, because everything else
 * begins beside everything else: SQLite is compiled and waits for the disk while the client's code is parsed.
 */
import { OperationalError } from "@hawser/base";
import { compileSqlite } from "@hawser/io-web/sqlite-wasm";
import type { HawserClient } from "@hawser/sdk";
import type { EngineNotice, StartEngine } from "./worker-messages.ts";

interface WorkerScope {
  postMessage(message: EngineNotice): void;
  addEventListener(type: "message", listener: (event: MessageEvent<StartEngine>) => void): void;
}
const scope = globalThis as unknown as WorkerScope;

// All of them before the page has said which profile it is; whoever waits for them hears of a failure.
compileSqlite().catch(() => undefined);
const storageCode = import("./engine-storage.ts");
const clientCode = import("./engine-client.ts");
storageCode.catch(() => undefined);
clientCode.catch(() => undefined);

async function openEngine(start: StartEngine): Promise<HawserClient> {
  const { openEngineStorage } = await storageCode;
  const { storage, vault } = await openEngineStorage(
    start.face,
    () => scope.postMessage({ type: "storage-lost" }),
    async (from, to) => (await clientCode).salvageStore(from, to),
  );
  return (await clientCode).openEngineClient(start, storage, vault);
}

scope.addEventListener("message", ({ data: start }) => {
  if (start.type !== "start") return;
  const client = openEngine(start);
  const served = clientCode.then(({ serveEngine }) => serveEngine(start, client));
  Promise.all([client, served]).then(
    () => scope.postMessage({ type: "started" }),
    (error: unknown) => scope.postMessage({ type: "failed", code: error instanceof OperationalError ? error.code : "INTERNAL" }),
  );
});
