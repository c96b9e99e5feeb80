/** Programs of earlier releases beside today's: frozen builds, each with its own copy of everything. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@hawser/base";
import type * as clientPackage from "@hawser/client";
import type { HawserClient } from "@hawser/client";
import type * as ioPackage from "@hawser/io-node";
import { openNodeClient } from "@hawser/sdk/node";
import type * as serverPackage from "@hawser/server";

export const TODAY = "today";

/** Where a client lives. */
export interface Program {
  readonly profileDir: string;
  readonly serverUrl: string;
  readonly origin: string;
  readonly clock: Clock;
}

interface Release {
  readonly server: Pick<typeof serverPackage, "startServer">;
  readonly client: Pick<typeof clientPackage, "createClient" | "recoveryKdf"> &
    Pick<typeof ioPackage, "nodeHttp" | "nodePrimitives" | "openSqliteDatabase" | "systemRandom" | "webSocketTransport">;
}
interface Frozen {
  load(name: string): Promise<Release>;
}

/** The releases' own loader; it is no package. */
const FROZEN = new URL("../../../../releases/frozen.ts", import.meta.url).href;

export async function releaseNamed(name: string): Promise<Pick<Release, "server">> {
  return name === TODAY ? { server: await import("@hawser/server") } : await frozen(name);
}

const loaded = new Map<string, Promise<Release>>();

async function frozen(name: string): Promise<Release> {
  const { load } = (await import(FROZEN)) as Frozen;
  const release = loaded.get(name) ?? load(name);
  loaded.set(name, release);
  return release;
}

/** Opens a profile with that release. Frozen builds hold the parts of a client, which are put together as the SDK of today does it. */
export async function programOf(name: string, { profileDir, serverUrl, origin, clock }: Program): Promise<() => HawserClient> {
  if (name === TODAY) return () => openNodeClient({ profileDir, serverUrl, origin, clock });
  const { client } = await frozen(name);
  return () => {
    mkdirSync(profileDir, { recursive: true });
    return client.createClient({
      database: client.openSqliteDatabase(join(profileDir, "client.db")),
      transport: client.webSocketTransport(),
      http: client.nodeHttp(),
      clock,
      random: client.systemRandom,
      primitives: client.nodePrimitives,
      origin,
      serverUrl,
      storage: { kind: "file", durable: true },
      platform: { kind: "sdk", version: name, description: `release ${name}` },
      recoveryKdf: client.recoveryKdf,
    });
  };
}
