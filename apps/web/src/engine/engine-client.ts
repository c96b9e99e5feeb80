/** The client over the browser's ports: the part of the engine that is not storage. */
import { createClient, recoveryKdf } from "@hawser/client";
import { purePrimitives } from "@hawser/crypto";
import { fetchHttp, flushedTransport, type OpenedStorage, webClock, webRandom, webSocketTransport } from "@hawser/io-web";
import type { HawserClient } from "@hawser/sdk";
import type { StartEngine } from "./worker-messages.ts";

export const openEngineClient = (start: StartEngine, storage: OpenedStorage): HawserClient =>
  createClient({
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
