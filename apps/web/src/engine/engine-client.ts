/** The client over the browser's ports: the part of the engine that is not storage. */
import { createClient, recoveryKdf } from "@hawser/client";
import { purePrimitives } from "@hawser/crypto";
import {
  fetchHttp,
  fetchStreamingHttp,
  flushedTransport,
  type OpenedStorage,
  verifyP256,
  webClock,
  webRandom,
  webSocketTransport,
  type WebVault,
} from "@hawser/io-web";
import type { HawserClient } from "@hawser/sdk";
import { httpTransport } from "@hawser/wire";
import { engineName } from "../linking/platform.ts";
import type { StartEngine } from "./worker-messages.ts";

/** The continent, as the time zone names it. */
const region = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone.split("/", 1)[0]!.toLowerCase();

/** Coarse, and only compared: whether this is the kind of network that it was before. */
const network = (): string => (navigator as { connection?: { type?: string } }).connection?.type ?? "";

export { salvageStore } from "@hawser/client";

export const openEngineClient = (start: StartEngine, storage: OpenedStorage, vault: WebVault | undefined): HawserClient =>
  createClient({
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
    },
  });
