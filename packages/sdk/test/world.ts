/** A real server and real clients in one process: what integration tests stand on. Waits for events and states, never for time. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@hawser/base";
import { type ClientPorts, createClient, recoveryKdf } from "@hawser/client";
import { nodeHttp, nodePrimitives, openSqliteDatabase, systemClock, systemRandom, verifyP256, webSocketTransport } from "@hawser/io-node";
import { type RunningServer, type ServerOptions, startServer } from "@hawser/server";
import { type ConversationId, type HawserClient, type LinkStatus, type MessageView, openNodeClient } from "../src/node/index.ts";

/** The node client's ports with some of them replaced: another clock, a database whose disk is full. */
function openWithPorts(
  { profileDir, serverUrl }: { readonly profileDir: string; readonly serverUrl: string },
  ports: Partial<ClientPorts>,
): HawserClient {
  mkdirSync(profileDir, { recursive: true });
  return createClient({
    database: ports.database ?? openSqliteDatabase(join(profileDir, "client.db")),
    transport: webSocketTransport(),
    http: nodeHttp(),
    clock: systemClock,
    random: systemRandom,
    primitives: nodePrimitives,
    verifyP256,
    origin: new URL(serverUrl).origin,
    serverUrl,
    storage: { kind: "file", durable: true },
    platform: { kind: "sdk", version: "0.1.0", description: "test" },
    recoveryKdf,
    ...ports,
  });
}

/** The real time of day, and timers that run so many times faster. */
export const hurried = (times: number): Clock => ({
  ...systemClock,
  after: (delayMs, callback) => systemClock.after(delayMs / times, callback),
});

const startedMs = systemClock.nowMs();
/** A clock on which everything lasts a part of what it would: half a minute of silence is over in two seconds at 15. */
export const quick = (times: number): Clock => ({
  ...hurried(times),
  nowMs: () => startedMs + (systemClock.nowMs() - startedMs) * times,
  monotonicMs: () => systemClock.monotonicMs() * times,
});

/** A condition that does not come true within this time fails the test; nothing waits this long when all is well. */
const PATIENCE_MS = 25_000;

export class World {
  readonly folder = mkdtempSync(join(tmpdir(), "hawser-sdk-"));
  readonly clients = new Map<string, HawserClient>();
  server!: RunningServer;
  readonly #startServer: typeof startServer;
  #port = 0;

  /** `start`: of a release before this one. */
  constructor(start = startServer) {
    this.#startServer = start;
  }

  async start(options: Partial<ServerOptions> = {}): Promise<void> {
    const dataDir = join(this.folder, "server");
    this.server = await this.#startServer({ dataDir, port: this.#port, registration: "open", logLevel: "silent", ...options });
    this.#port = this.server.port;
  }

  /** Opens (or opens again) the profile of that name. */
  open(name: string, ports: Partial<ClientPorts> = {}): HawserClient {
    const options = { profileDir: join(this.folder, name), serverUrl: `http://127.0.0.1:${this.#port}` };
    const client = Object.keys(ports).length === 0 ? openNodeClient(options) : openWithPorts(options, ports);
    this.clients.set(name, client);
    return client;
  }

  async close(name: string): Promise<void> {
    await this.clients.get(name)?.close();
    this.clients.delete(name);
  }

  async account(handle: string, ports: Partial<ClientPorts> = {}): Promise<HawserClient> {
    const client = this.open(handle, ports);
    await client.createAccount({ handle, displayName: handle.toUpperCase(), deviceName: `${handle}'s phone` });
    await until(client, async () => (await client.state()).connection.kind === "online");
    return client;
  }

  /** The real ceremony between two clients. */
  async link(phone: HawserClient, name: string, ports: Partial<ClientPorts> = {}): Promise<HawserClient> {
    const companion = this.open(name, ports);
    await companion.startLink({ deviceName: name, platform: "test" });
    const shown = await linkStage(companion, "waiting-for-scan");
    await phone.openLinkCode(shown.uri!);
    const asked = await linkStage(phone, "comparing");
    const seen = await linkStage(companion, "comparing");
    if (asked.matchCode !== seen.matchCode) throw new Error("the match codes differ");
    await phone.approveLink(asked.attempt!);
    await linkStage(companion, "active");
    await until(
      companion,
      async () => (await companion.state()).phase === "ready" && (await companion.state()).connection.kind === "online",
    );
    return companion;
  }

  /** Both know each other: a chat that is no request on either side. */
  async befriend(a: HawserClient, b: HawserClient): Promise<{ ab: ConversationId; ba: ConversationId }> {
    const [selfA, selfB] = [(await a.state()).self!, (await b.state()).self!];
    await a.addContact({ account: selfB.account, name: selfB.handle });
    await b.addContact({ account: selfA.account, name: selfA.handle });
    return { ab: (await a.openConversation(selfB.account)).id, ba: (await b.openConversation(selfA.account)).id };
  }

  async stop(): Promise<void> {
    for (const name of this.clients.keys()) await this.close(name);
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Waits until `condition` holds, looking again after every event of the client. */
export function until(client: HawserClient, condition: () => Promise<boolean>): Promise<void> {
  return new Promise((resolve, reject) => {
    let checking = false;
    let again = false;
    const finish = (error?: unknown): void => {
      clearTimeout(deadline);
      clearInterval(poll);
      unsubscribe();
      if (error === undefined) resolve();
      else reject(error instanceof Error ? error : new Error("the condition threw"));
    };
    const check = (): void => {
      if (checking) {
        again = true;
        return;
      }
      checking = true;
      condition().then(
        (holds) => {
          checking = false;
          if (holds) finish();
          else if (again) {
            again = false;
            check();
          }
        },
        (error: unknown) => finish(error),
      );
    };
    const deadline = setTimeout(() => finish(new Error(`not reached: ${condition.toString().slice(0, 200)}`)), PATIENCE_MS);
    // Some conditions look at other clients too.
    const poll = setInterval(check, 50);
    const unsubscribe = client.subscribe(check);
    check();
  });
}

export async function linkStage(client: HawserClient, stage: LinkStatus["stage"]): Promise<LinkStatus> {
  let status: LinkStatus | undefined;
  await until(client, async () => {
    status = await client.linkStatus();
    if (status?.stage === "failed" && stage !== "failed") throw new Error(`the link failed: ${status.error?.name}`);
    return status?.stage === stage && (stage !== "waiting-for-scan" || status.uri !== undefined);
  });
  return status!;
}

export async function texts(client: HawserClient, conversation: ConversationId): Promise<string[]> {
  const exists = await client.conversation(conversation);
  if (exists === undefined) return [];
  const page = await client.messages({ conversation, limit: 500 });
  return page.items.map((message) => message.text).toReversed();
}

export const hasText = (client: HawserClient, conversation: ConversationId, text: string): Promise<void> =>
  until(client, async () => (await texts(client, conversation)).includes(text));

export const statusOf = (client: HawserClient, message: MessageView, status: MessageView["status"]): Promise<void> =>
  until(client, async () => (await client.message(message.id))?.status === status);
