/** The client over the browser's ports, and how pages reach it: the part of the engine that is not storage. */
import { createClient, flushedClient, recoveryKdf } from "@hawser/client";
import { purePrimitives } from "@hawser/crypto";
import { acceptPages } from "@hawser/io-web/broadcast-port";
import { fetchHttp } from "@hawser/io-web/fetch-http";
import { flushedTransport } from "@hawser/io-web/flushed-transport";
import type { WebVault } from "@hawser/io-web/identity-vault";
import type { OpenedStorage } from "@hawser/io-web/open-storage";
import { fetchStreamingHttp } from "@hawser/io-web/streaming-http";
import { verifyP256 } from "@hawser/io-web/verify-p256";
import { webClock, webRandom } from "@hawser/io-web/web-clock";
import { webSocketTransport } from "@hawser/io-web/websocket-transport";
import { serveWorkerClient, type HawserClient } from "@hawser/sdk";
import { httpTransport } from "@hawser/wire";
import { engineName, systemWord } from "../linking/platform.ts";
import type { StartEngine } from "./worker-messages.ts";

/** The continent, as the time zone names it. */
const region = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone.split("/", 1)[0]!.toLowerCase();

/** Coarse, and only compared: whether this is the kind of network that it was before. */
const network = (): string => (navigator as { connection?: { type?: string } }).connection?.type ?? "";

/** What a page asks first was answered before any timer; this is how long it takes to paint it, on both of two cores. */
const PAINT_MS = 150;

export { salvageStore } from "@hawser/client";

export function openEngineClient(start: StartEngine, storage: OpenedStorage, vault: WebVault | undefined): HawserClient {
  const client = createClient({
    database: storage.database,
    transport: flushedTransport(webSocketTransport(), () => storage.flush()),
    otherTransports: (["sse", "poll"] as const).map((kind) =>
      flushedTransport(httpTransport(kind, fetchStreamingHttp(), webClock), () => storage.flush()),
    ),
    network,
    http: fetchHttp,
    clock: webClock,
    random: webRandom,
    primitives: purePrimitives,
    verifyP256,
    begin: (resume) => void setTimeout(resume, PAINT_MS),
    recoveryKdf,
    origin: start.origin,
    serverUrl: start.origin,
    storage: { kind: storage.kind, durable: storage.durable },
    ...(vault === undefined ? {} : { vault }),
    platform: {
      kind: "web",
      version: start.version,
      description: start.platform,
      engine: engineName(navigator.userAgent),
      region: region(),
      system: systemWord(navigator.userAgent),
    },
  });
  return storage.kind === "indexeddb" ? flushedClient(client, () => storage.flush()) : client;
}

/** To the page that started this worker, and to the other tabs. */
export function serveEngine(start: StartEngine, client: Promise<HawserClient>): void {
  serveWorkerClient(start.port, client);
  acceptPages(start.face, (port) => serveWorkerClient(port, client));
}
