/**
 * The engine's worker: finds storage, makes the client from the browser's ports, and serves it to the page that started it
 * and to the other tabs. The composition root of the web app's engine; little logic belongs here.
 */
import { OperationalError } from "@hawser/base";
import { createClient, recoveryKdf } from "@hawser/client";
import { purePrimitives } from "@hawser/crypto";
import {
  acceptPages,
  fetchHttp,
  flushedTransport,
  openStorage,
  watchStorage,
  webClock,
  webRandom,
  webSocketTransport,
} from "@hawser/io-web";
import { serveWorkerClient, type HawserClient } from "@hawser/sdk";
import type { EngineNotice, StartEngine } from "./worker-messages.ts";

interface WorkerScope {
  postMessage(message: EngineNotice): void;
  addEventListener(type: "message", listener: (event: MessageEvent<StartEngine>) => void): void;
}
const scope = globalThis as unknown as WorkerScope;

async function openEngine(start: StartEngine): Promise<HawserClient> {
  const lost = (): void => scope.postMessage({ type: "storage-lost" });
  const storage = await openStorage({ profile: start.face, failed: lost });
  watchStorage(start.face, storage.kind, lost);
  return createClient({
    database: storage.database,
    transport: flushedTransport(webSocketTransport(), () => storage.flush()),
    http: fetchHttp,
    clock: webClock,
    random: webRandom,
    primitives: purePrimitives,
    recoveryKdf,
    origin: start.origin,
    serverUrl: start.origin,
    storage: { kind: storage.kind, durable: storage.durable },
    platform: { kind: "web", version: start.version, description: start.platform },
  });
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
