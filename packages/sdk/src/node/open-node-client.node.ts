/** A client in a folder: keys, messages and everything else in one SQLite file. Runs in Node. */
import { mkdirSync } from "node:fs";
import type { Clock } from "@hawser/base";
import { hostname, type as osType } from "node:os";
import { join } from "node:path";
import { PROGRAM_VERSION } from "@hawser/base/version";
import { type ClientPorts, createClient, type HawserClient, type LogEvent, recoveryKdf } from "@hawser/client";
import {
  nodeHttp,
  nodePrimitives,
  nodeStreamingHttp,
  openSqliteDatabase,
  systemClock,
  systemRandom,
  verifyP256,
  webSocketTransport,
} from "@hawser/io-node";
import { httpTransport } from "@hawser/wire";
import { lockProfile } from "./profile-lock.node.ts";

export interface NodeClientOptions {
  /** Made when missing, readable by its owner only. One process at a time may have it open. */
  readonly profileDir: string;
  /** `https://chat.example.org` or `http://127.0.0.1:8443`. */
  readonly serverUrl: string;
  /** What devices sign for and codes point at; the server's own origin, by default that of `serverUrl`. */
  readonly origin?: string;
  readonly kind?: "terminal" | "sdk";
  /** PEM of a certificate authority of your own. */
  readonly certificateAuthority?: string;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Names and numbers of what happens; never texts, names of people or keys. */
  readonly log?: (event: LogEvent) => void;
}

/** @throws OperationalError PROFILE_IN_USE when another process has the profile open, STORE_UNAVAILABLE when it cannot be opened. */
export function openNodeClient(options: NodeClientOptions): HawserClient {
  mkdirSync(options.profileDir, { recursive: true, mode: 0o700 });
  const lock = lockProfile(options.profileDir);
  const tls = options.certificateAuthority === undefined ? {} : { certificateAuthority: options.certificateAuthority };
  const http = nodeHttp(tls);
  // The continent, as the time zone names it.
  const region = Intl.DateTimeFormat().resolvedOptions().timeZone.split("/", 1)[0]!.toLowerCase();
  const streaming = nodeStreamingHttp(tls);
  try {
    const ports: ClientPorts = {
      database: openSqliteDatabase(join(options.profileDir, "client.db")),
      transport: webSocketTransport(tls),
      otherTransports: (["sse", "poll"] as const).map((kind) => httpTransport(kind, streaming, systemClock)),
      http,
      clock: options.clock ?? systemClock,
      random: systemRandom,
      primitives: nodePrimitives,
      verifyP256,
      origin: options.origin ?? new URL(options.serverUrl).origin,
      serverUrl: options.serverUrl,
      storage: { kind: "file", durable: true },
      platform: {
        kind: options.kind ?? "sdk",
        version: PROGRAM_VERSION,
        description: describeNodePlatform(),
        engine: "node",
        region,
        system: nodeSystem(),
      },
      recoveryKdf,
      localTimeToUtcMs: ({ year, month, day, hour, minute, second }) => new Date(year, month - 1, day, hour, minute, second).getTime(),
      ...(options.log === undefined ? {} : { log: options.log }),
    };
    const client = createClient(ports);
    return {
      ...client,
      async close() {
        await client.close();
        http.close();
        lock.release();
      },
    };
  } catch (error) {
    http.close();
    lock.release();
    throw error;
  }
}

/** "Node 24.21 on Linux", for the other device's screen during a link. */
export const describeNodePlatform = (): string => `Node ${process.versions.node.split(".").slice(0, 2).join(".")} on ${osType()}`;

const SYSTEMS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  android: "android",
  darwin: "macos",
  linux: "linux",
  win32: "windows",
};
const nodeSystem = (): string => SYSTEMS[process.platform] ?? "other";

/** A name to propose for this device. */
export const proposedDeviceName = (): string => `${hostname()} terminal`.slice(0, 64);
