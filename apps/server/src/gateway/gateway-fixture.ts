/** For tests: a gateway with real sockets, real stores in a temporary folder and a clock that tests move; and a client. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AccountId, accountIdToBytes, type Bytes, type Clock, type DeviceNumber, must, type SqlDatabase } from "@hawser/base";
import { extendDeviceList, listHashPrefix, signAuthChallenge, type VerifiedDeviceList } from "@hawser/crypto";
import { nodePrimitives, openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { type BlockSync, type Mailboxes, openMailboxes, type Operations, SqlDirectory } from "@hawser/relay";
import {
  type ClientFrame,
  ClientHelloSchema,
  decodeServerFrame,
  type DeviceAuthentication,
  DeviceAuthenticationSchema,
  DeviceKind,
  encodeFrame,
  PongSchema,
  PROTOCOL_MAX,
  RegistrationPolicy,
  ResponseSchema,
  type RevocationReason,
  type ServerFrame,
  type SignedDeviceList,
  SignedDeviceListSchema,
  type SendTarget,
} from "@hawser/wire";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { WebSocket } from "ws";
import { attachWebSocket } from "../http/websocket-upgrade.ts";
import { createGateway, type Gateway } from "./gateway.ts";
import type { GatewayLimits } from "./gateway-limits.ts";

export const ORIGIN = "https://chat.example";

/** Time moves when a test says so. */
export class ManualClock implements Clock {
  #now = 1_800_000_000_000;
  #timers: { at: number; callback: () => void }[] = [];
  nowMs = (): number => this.#now;
  monotonicMs = (): number => this.#now;
  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = next.at;
      next.callback();
    }
    this.#now = end;
  }
}

/** An account whose keys the test holds. */
export class TestAccount {
  readonly seed = systemRandom.bytes(32);
  readonly deviceSeeds = new Map<number, Bytes>();
  list: VerifiedDeviceList;

  constructor(devices: number) {
    this.list = this.#next(undefined, { add: devices });
  }

  get id(): AccountId {
    return this.list.account;
  }

  get bytes(): Bytes {
    return accountIdToBytes(this.id);
  }

  #next(previous: VerifiedDeviceList | undefined, change: { add?: number; revoke?: number }): VerifiedDeviceList {
    const first = previous?.list.nextDeviceNumber ?? 1;
    const add = Array.from({ length: change.add ?? 0 }, (_, i) => {
      const seed = systemRandom.bytes(32);
      this.deviceSeeds.set(first + i, seed);
      const kind = first + i === 1 ? DeviceKind.PHONE : DeviceKind.COMPANION;
      return {
        kind,
        signingKey: nodePrimitives.ed25519PublicKey(seed),
        dhKey: systemRandom.bytes(32),
        attemptId: new Uint8Array(0),
        sealedLabel: new Uint8Array(0),
      };
    });
    const revoke = change.revoke === undefined ? [] : [{ device: change.revoke, by: 1, reason: 1 as RevocationReason }];
    return must(extendDeviceList(nodePrimitives, this.seed, previous, { nowMs: 1_700_000_000_000, add, revoke }), "a list");
  }

  /** Signs the next list; the server does not know it yet. */
  change(change: { add?: number; revoke?: number }): SignedDeviceList {
    this.list = this.#next(this.list, change);
    return create(SignedDeviceListSchema, this.list.entry);
  }

  target(devices: readonly number[], text = "capsule"): SendTarget {
    return {
      account: this.bytes,
      listNumber: this.list.number,
      listHashPrefix: listHashPrefix(this.list),
      capsules: devices.map((device) => ({ device, bytes: new TextEncoder().encode(`${text} ${device}`) })),
    };
  }
}

export class TestServer {
  readonly clock = new ManualClock();
  readonly folder = mkdtempSync(join(tmpdir(), "hawser-gateway-"));
  readonly directory: SqlDirectory;
  readonly mailboxes: Mailboxes;
  readonly gateway: Gateway;
  readonly faults: unknown[] = [];
  readonly counts = new Map<string, number>();
  readonly #http: Server = createServer();
  readonly #databases: SqlDatabase[] = [];
  readonly #clients: TestClient[] = [];
  /** When set, the next commit fails. */
  failNextCommit = false;

  private constructor(options: { limits?: Partial<GatewayLimits>; maxMessages?: number; sync?: BlockSync }) {
    this.directory = new SqlDirectory({ database: this.#open("directory.db"), primitives: nodePrimitives });
    const real = this.#open("mailbox.db");
    const prepare = real.prepare.bind(real);
    real.prepare = (sql) => {
      const statement = prepare(sql);
      if (!sql.startsWith("INSERT INTO blocks")) return statement;
      const run: typeof statement.run = (...parameters) => {
        if (!this.failNextCommit) return statement.run(...parameters);
        this.failNextCommit = false;
        throw new Error("disk full");
      };
      return { run, get: statement.get.bind(statement), all: statement.all.bind(statement) };
    };
    this.mailboxes = openMailboxes({
      database: real,
      clock: this.clock,
      random: systemRandom,
      schedule: (callback) => setImmediate(callback),
      onUpkeepFailure: (cause) => this.faults.push(cause),
      ...(options.sync === undefined ? {} : { sync: options.sync }),
      ...(options.maxMessages === undefined ? {} : { maxMessages: options.maxMessages }),
    });
    this.gateway = createGateway({
      directory: this.directory,
      operations: this.#operations(),
      mailboxes: this.mailboxes,
      primitives: nodePrimitives,
      clock: this.clock,
      random: systemRandom,
      origin: ORIGIN,
      registration: RegistrationPolicy.OPEN,
      serverVersion: "test",
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      metrics: {
        counter: (name) => ({
          add: (amount, label) => this.counts.set(`${name} ${label ?? ""}`, (this.counts.get(`${name} ${label ?? ""}`) ?? 0) + amount),
        }),
        gauge: () => undefined,
        histogram: () => ({ observe: () => undefined }),
      },
      log: { info: () => undefined, warn: () => undefined, error: (event, cause) => this.faults.push([event, cause]) },
    });
    attachWebSocket(this.#http, {
      addressOf: () => "127.0.0.1",
      allowsOrigin: () => true,
      accept: (socket, address) => this.gateway.accept(socket, address),
    });
  }

  static async start(options: { limits?: Partial<GatewayLimits>; maxMessages?: number; sync?: BlockSync } = {}): Promise<TestServer> {
    const server = new TestServer(options);
    server.#http.listen(0, "127.0.0.1");
    await once(server.#http, "listening");
    return server;
  }

  #open(name: string): SqlDatabase {
    const database = openSqliteDatabase(join(this.folder, name), { synchronous: "normal" });
    this.#databases.push(database);
    return database;
  }

  /** Requests have tests of their own; here a ping shows that they come through, and one that never ends that they are bounded. */
  #operations(): Operations {
    return {
      handle: (_caller, request) => {
        if (request.operation.case !== "ping") return new Promise(() => undefined);
        const value = create(PongSchema, { payload: request.operation.value.payload });
        return create(ResponseSchema, { id: request.id, result: { case: "ping", value } });
      },
      connected: () => undefined,
      disconnected: () => undefined,
      preKeysLeft: () => ({ oneTime: 11, kem: 5 }),
      highestPreKeys: () => ({ oneTime: 0, kem: 0 }),
    };
  }

  register(account: TestAccount): void {
    this.#databases[0]!.transaction(() => this.directory.insertFirst(account.list, `h${account.id.slice(0, 12)}`, 0));
  }

  account(devices: number): TestAccount {
    const account = new TestAccount(devices);
    this.register(account);
    return account;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}/v1/connect`;
  }

  count(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  async client(): Promise<TestClient> {
    const client = new TestClient(this.url);
    this.#clients.push(client);
    await client.opened();
    return client;
  }

  /** Connects and authenticates; the Welcome has been read. */
  async device(account: TestAccount, device: number, mailbox: { epoch?: number; cursor?: number } = {}): Promise<TestClient> {
    const client = await this.client();
    await client.authenticate(account, device, { mailboxEpoch: mailbox.epoch ?? 0, cursor: BigInt(mailbox.cursor ?? 0) });
    client.welcome = (await client.next("welcome")).message;
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.socket.terminate();
    this.#http.closeAllConnections();
    this.#http.close();
    await this.gateway.drain();
    this.mailboxes.close();
    for (const database of this.#databases) database.close();
    rmSync(this.folder, { recursive: true });
  }
}

type FrameOf<Type extends ServerFrame["type"]> = Extract<ServerFrame, { type: Type }>;

export class TestClient {
  readonly socket: WebSocket;
  readonly #frames: ServerFrame[] = [];
  /** Everything that came, read or not. */
  readonly seen: ServerFrame[] = [];
  #wake: () => void = () => undefined;
  closeCode: number | undefined = undefined;
  welcome: FrameOf<"welcome">["message"] | undefined = undefined;
  #request = 0;

  constructor(url: string) {
    this.socket = new WebSocket(url, { perMessageDeflate: false });
    this.socket.on("error", () => undefined);
    this.socket.on("message", (data: Buffer) => {
      const frame = must(decodeServerFrame(Uint8Array.from(data)), "a server frame");
      this.#frames.push(frame);
      this.seen.push(frame);
      this.#wake();
    });
    this.socket.on("close", (code) => {
      this.closeCode = code;
      this.#wake();
    });
  }

  async opened(): Promise<void> {
    if (this.socket.readyState !== WebSocket.OPEN) await once(this.socket, "open");
  }

  /** The next frame, which must be of this type. */
  async next<Type extends ServerFrame["type"]>(type: Type): Promise<FrameOf<Type>> {
    while (this.#frames.length === 0) {
      if (this.closeCode !== undefined) throw new Error(`closed with ${this.closeCode} while waiting for ${type}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const frame = this.#frames.shift()!;
    if (frame.type !== type)
      throw new Error(`expected ${type}, got ${frame.type}: ${JSON.stringify(frame, (_, v) => (typeof v === "bigint" ? String(v) : v))}`);
    return frame as FrameOf<Type>;
  }

  async closed(): Promise<number> {
    while (this.closeCode === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.closeCode;
  }

  /** What the server says when it ends the connection: the error's number and the close code. */
  async goodbye(): Promise<{ error: number; closeCode: number; message: FrameOf<"goodbye">["message"] }> {
    const { message } = await this.next("goodbye");
    return { error: message.error, closeCode: await this.closed(), message };
  }

  send(frame: ClientFrame | Uint8Array): void {
    this.socket.send(frame instanceof Uint8Array ? frame : encodeFrame(frame));
  }

  hello(device?: DeviceAuthentication): void {
    const message = create(ClientHelloSchema, {
      protocolMin: 1,
      protocolMax: PROTOCOL_MAX,
      platform: "test",
      ...(device === undefined ? {} : { device }),
    });
    this.send({ type: "client-hello", message });
  }

  async authenticate(
    account: TestAccount,
    device: number,
    more: MessageInitShape<typeof DeviceAuthenticationSchema> = {},
    origin = ORIGIN,
  ): Promise<void> {
    const { nonce } = (await this.next("server-hello")).message;
    const address = { account: account.id, device: device as DeviceNumber };
    const signature = signAuthChallenge(nodePrimitives, account.deviceSeeds.get(device)!, { nonce, origin, address });
    this.hello(
      create(DeviceAuthenticationSchema, { accountId: account.bytes, device, signature, listNumber: BigInt(account.list.number), ...more }),
    );
  }

  /** Sends a message and returns its request number. */
  sendMessage(targets: readonly SendTarget[], text: string, messageId: Bytes = systemRandom.bytes(16)): number {
    const request = ++this.#request;
    this.send({ type: "send", request, messageId, targets, body: new TextEncoder().encode(text) });
    return request;
  }

  /** Collects acknowledgements and deliveries until there are so many. */
  async collect(want: {
    acks?: number;
    deliveries?: number;
  }): Promise<{ acks: number[]; texts: string[]; sequences: number[]; capsules: string[] }> {
    const got = { acks: [] as number[], texts: [] as string[], sequences: [] as number[], capsules: [] as string[] };
    while (got.acks.length < (want.acks ?? 0) || got.texts.length < (want.deliveries ?? 0)) {
      const batch = await this.next("batch");
      got.acks.push(...batch.acks);
      for (const delivery of batch.deliveries) {
        got.texts.push(new TextDecoder().decode(delivery.body));
        got.capsules.push(new TextDecoder().decode(delivery.capsule));
        got.sequences.push(delivery.sequence);
      }
    }
    return got;
  }

  /** Resolves when the server has handled everything sent before on this connection, and shows what came meanwhile. */
  async settle(): Promise<ServerFrame[]> {
    const id = 0x7fff_0000 + ++this.#request;
    this.send({
      type: "request",
      message: {
        $typeName: "hawser.v1.Request",
        id,
        operation: { case: "ping", value: { $typeName: "hawser.v1.Ping", payload: new Uint8Array(0) } },
      },
    });
    const seen: ServerFrame[] = [];
    for (;;) {
      while (this.#frames.length === 0) {
        if (this.closeCode !== undefined) throw new Error(`closed with ${this.closeCode}`);
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
      const frame = this.#frames.shift()!;
      if (frame.type === "response" && frame.message.id === id) return seen;
      seen.push(frame);
    }
  }
}
