/**
 * The gateway: sockets in, frames out. Invariants: an acknowledgement leaves only after the commit that made it true; each
 * socket gets one frame per flush with everything that flush means for it; a client that breaks the protocol gets a typed
 * Goodbye and changes nothing; nothing is buffered without bound for anybody. docs/PROTOCOL.md, "Connection".
 */
import { type AccountId, type Bytes, type Clock, type DeviceNumber, OperationalError, type Primitives, type Random } from "@hawser/base";
import type { CommitListener, Directory, DirectoryEntry, Mailboxes, Operations } from "@hawser/relay";
import {
  decodeClientFrame,
  DeviceListChangedSchema,
  type ErrorName,
  MAX_REQUESTS_UNDER_WAY,
  MAX_SENDS_UNDER_WAY,
  PushSchema,
  type RegistrationPolicy,
  type Request,
  ResyncNeededSchema,
  type SendFrame,
  type SignedDeviceList,
} from "@hawser/wire";
import { create } from "@bufbuild/protobuf";
import { Acknowledgements } from "./acknowledgements.ts";
import { AccountNames } from "./account-names.ts";
import { BacklogShares } from "./backlog-shares.ts";
import { BatchBuilder } from "./batch-builder.ts";
import { type Connection, type ConnectionHost, ignoreWriteError } from "./connection.ts";
import type { CarrierKind, FrameSocket } from "./frame-socket.ts";
import { DEFAULT_GATEWAY_LIMITS, type GatewayLimits, PAUSE_ABOVE_BYTES, RECONNECT_MIN_MS, RECONNECT_SPREAD_MS } from "./gateway-limits.ts";
import { failed } from "./failed-response.ts";
import { frameErrorName, type GoodbyeReason, sayGoodbye } from "./goodbye.ts";
import { Greeter } from "./greeter.ts";
import { LoadMeter, tellSlowDown } from "./load-meter.ts";
import { Lobby } from "./lobby.ts";
import { type GatewayMetrics, gatewayMetrics, type Log, type Metrics } from "./observation.ts";
import { type SendRejection, sendRejected } from "./send-rejection.ts";
import { SendRouter } from "./send-router.ts";

export interface GatewayOptions {
  readonly directory: Directory;
  readonly operations: Operations;
  readonly mailboxes: Mailboxes;
  readonly primitives: Primitives;
  readonly clock: Clock;
  readonly random: Random;
  /** What devices sign for, e.g. `https://chat.example.org`. */
  readonly origin: string;
  readonly registration: RegistrationPolicy;
  readonly serverVersion: string;
  /** Other servers, by origin, that relay links. */
  readonly linkNodes?: readonly string[];
  readonly limits?: Partial<GatewayLimits>;
  readonly metrics: Metrics;
  readonly log: Log;
}

export interface Gateway {
  /** Takes over a socket that was just opened and lets through frames up to MAX_FRAME_BYTES. `kind` is for metrics. */
  accept(socket: FrameSocket, remoteAddress: string, kind?: CarrierKind): void;
  connections(): number;
  /** The devices of an account that are connected now. */
  connectedDevices(account: AccountId): readonly DeviceNumber[];
  /** Says goodbye to everybody and resolves when all sockets are closed, or after a grace period. */
  drain(): Promise<void>;
}

/** The gateway becomes the only listener of the mailboxes' commits. */
export const createGateway = (options: GatewayOptions): Gateway => new SocketGateway(options);

const STORE_RETRY_MS = 2_000;
const BUSY_RETRY_MS = 1_000;
const DRAIN_GRACE_MS = 2_000;
const NO_REQUESTS: readonly number[] = [];

class SocketGateway implements Gateway, ConnectionHost, CommitListener {
  readonly #options: GatewayOptions;
  readonly #limits: GatewayLimits;
  readonly #metrics: GatewayMetrics;
  readonly #mailboxes: Mailboxes;
  readonly #lobby: Lobby;
  readonly #greeter: Greeter;
  readonly #router: SendRouter;
  readonly #batch = new BatchBuilder();
  readonly #acks = new Acknowledgements();
  readonly #load = new LoadMeter();
  /** Connections with something to write at the end of the next flush. */
  #queue: Connection[] = [];
  #draining = false;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#mailboxes = options.mailboxes;
    this.#limits = { ...DEFAULT_GATEWAY_LIMITS, ...options.limits };
    this.#metrics = gatewayMetrics(options.metrics);
    this.#router = new SendRouter(options.directory, options.mailboxes, new AccountNames(), new BacklogShares(this.#limits, options.clock));
    this.#lobby = new Lobby(
      this.#limits,
      options.clock,
      options.random,
      (connection, reason) => this.#end(connection, reason),
      (lateMs) => this.#load.swept(lateMs, () => this.#lobby.all(), tellSlowDown),
    );
    this.#greeter = new Greeter({
      ...options,
      limits: this.#limits,
      lobby: this.#lobby,
      metrics: this.#metrics,
      replace: (older) => this.#end(older, { error: "REPLACED_BY_SAME_DEVICE" }),
    });
    options.mailboxes.onCommit(this);
    options.directory.onChange((entry, lists, revoked) => this.#listsChanged(entry, lists, revoked));
    options.metrics.gauge("hawser_connections", "Open connections", () => this.#lobby.size);
    options.metrics.gauge("hawser_open_mailboxes", "Mailboxes in memory", () => options.mailboxes.statistics.openMailboxes);
    options.metrics.gauge("hawser_log_blocks", "Blocks of the mailbox log", () => options.mailboxes.statistics.logBlocks);
  }

  connections(): number {
    return this.#lobby.size;
  }

  connectedDevices(account: AccountId): readonly DeviceNumber[] {
    return this.#lobby.of(account).flatMap(({ device }) => (device === undefined ? [] : [device.device]));
  }

  accept(socket: FrameSocket, remoteAddress: string, kind: CarrierKind = "websocket"): void {
    this.#metrics.opened.add(1, kind);
    const refusal: ErrorName | undefined = this.#draining ? "SHUTTING_DOWN" : this.#lobby.refusal(remoteAddress);
    if (refusal !== undefined) {
      this.#metrics.goodbyes.add(1, refusal);
      sayGoodbye(socket, { error: refusal, retryAfterMs: this.#jitteredRetryMs() });
      return;
    }
    const connection = this.#lobby.enter(this, socket, remoteAddress);
    socket.listen(connection);
    this.#greeter.greet(connection);
  }

  received(connection: Connection, data: Bytes, isBinary: boolean): void {
    if (!connection.open) return;
    this.#lobby.heard(connection);
    if (!isBinary) return this.#end(connection, { error: "MALFORMED_FRAME" });
    const frame = decodeClientFrame(data);
    if (!frame.ok) return this.#end(connection, { error: frameErrorName(frame.error) });
    try {
      switch (frame.value.type) {
        case "send":
          this.#send(connection, frame.value);
          break;
        case "cursor":
          this.#cursor(connection, frame.value.sequence);
          break;
        case "request":
          this.#request(connection, frame.value.message);
          break;
        case "client-hello":
          this.#greet(connection, frame.value.message);
          break;
      }
    } catch (cause) {
      this.#fail(connection, "frame", cause, { type: frame.value.type });
    }
  }

  #fail(connection: Connection, event: string, cause: unknown, details?: { readonly type: string }): void {
    if (!(cause instanceof OperationalError)) this.#options.log.error(event, cause, details);
    const error = cause instanceof OperationalError ? "STORE_UNAVAILABLE" : "INTERNAL";
    this.#end(connection, { error, retryAfterMs: STORE_RETRY_MS });
  }

  #greet(connection: Connection, hello: Parameters<Greeter["answer"]>[1]): void {
    if (connection.state !== "hello") {
      this.#end(connection, { error: "UNEXPECTED_FRAME" });
      return;
    }
    const refusal = this.#greeter.answer(connection, hello);
    if (refusal !== undefined) this.#end(connection, refusal);
    else if (connection.device !== undefined) {
      this.queue(connection);
      if (this.#load.percent !== 100) tellSlowDown(connection, this.#load.percent);
    }
  }

  #send(connection: Connection, frame: SendFrame): void {
    const { device } = connection;
    if (device === undefined) {
      this.#end(connection, { error: connection.state === "hello" ? "UNEXPECTED_FRAME" : "NOT_AUTHENTICATED" });
      return;
    }
    if ((connection.acks?.requests.length ?? 0) >= MAX_SENDS_UNDER_WAY) {
      this.#end(connection, { error: "LIMIT_EXCEEDED" });
      return;
    }
    const nowMs = this.#options.clock.monotonicMs();
    const limits = this.#limits;
    const waitMs =
      device.bucket.take(nowMs, limits.sendBurstPerConnection, limits.sendsPerSecondPerConnection) ||
      device.group.bucket.take(nowMs, limits.sendBurstPerAccount, limits.sendsPerSecondPerAccount);
    const rejection: SendRejection | undefined =
      waitMs > 0 ? { error: "RATE_LIMITED", retryAfterMs: waitMs } : this.#router.route(device, frame);
    if (rejection !== undefined) {
      this.#reject(connection, frame.request, rejection);
      return;
    }
    this.#acks.add(connection, frame.request);
    this.#mailboxes.requestFlush();
  }

  #reject(connection: Connection, request: number, rejection: SendRejection): void {
    this.#metrics.rejected.add(1, rejection.error);
    connection.push(sendRejected(request, rejection));
  }

  #cursor(connection: Connection, sequence: number): void {
    const { device } = connection;
    if (device === undefined) this.#end(connection, { error: connection.state === "hello" ? "UNEXPECTED_FRAME" : "NOT_AUTHENTICATED" });
    // A device can only have committed what it was given.
    else if (sequence > connection.sent) this.#end(connection, { error: "MALFORMED_FIELD" });
    else this.#mailboxes.advance(device.mailbox, sequence);
  }

  #request(connection: Connection, request: Request): void {
    if (connection.state === "hello") {
      this.#end(connection, { error: "UNEXPECTED_FRAME" });
      return;
    }
    if (connection.requestsUnderWay >= MAX_REQUESTS_UNDER_WAY) {
      connection.respond(failed(request.id, "RATE_LIMITED", BUSY_RETRY_MS));
      return;
    }
    const answer = this.#options.operations.handle(connection, request);
    if (!(answer instanceof Promise)) {
      connection.respond(answer);
      return;
    }
    connection.requestsUnderWay++;
    answer
      .catch((cause: unknown) => {
        this.#options.log.error("request", cause);
        return failed(request.id, "INTERNAL", STORE_RETRY_MS);
      })
      .then((response) => {
        connection.requestsUnderWay--;
        connection.respond(response);
      })
      .catch((cause: unknown) => this.#options.log.error("respond", cause));
  }

  queue(connection: Connection): void {
    if (connection.queued) return;
    connection.queued = true;
    this.#queue.push(connection);
    this.#mailboxes.requestFlush();
  }

  overwhelmed(connection: Connection): void {
    this.#end(connection, { error: "OVERLOADED", retryAfterMs: this.#jitteredRetryMs() });
  }

  sealed(): void {
    this.#acks.seal();
  }

  committed(failure: unknown): void {
    if (failure !== undefined) {
      this.#options.log.error("commit", failure);
      this.#acks.fail((connection, request) =>
        this.#reject(connection, request, { error: "STORE_UNAVAILABLE", retryAfterMs: STORE_RETRY_MS }),
      );
      return;
    }
    const acknowledged = this.#acks.commit((connection) => this.queue(connection));
    if (acknowledged === 0) return;
    this.#metrics.accepted.add(acknowledged);
    this.#metrics.messagesPerCommit.observe(acknowledged);
  }

  flushed(): void {
    const queue = this.#queue;
    if (queue.length === 0) return;
    this.#queue = [];
    for (const connection of queue) {
      connection.queued = false;
      if (!connection.open) continue;
      try {
        this.#writeBatch(connection);
      } catch (cause) {
        // A mailbox that cannot be read: the others of this flush are written to all the same.
        this.#fail(connection, "deliver", cause);
      }
    }
  }

  #writeBatch(connection: Connection): void {
    const batch = this.#batch;
    const { device, socket, acks } = connection;
    batch.begin(acks?.requests ?? NO_REQUESTS, acks?.due ?? 0);
    acks?.written();
    if (device !== undefined && !connection.paused) {
      const { mailbox } = device;
      if (mailbox.dropped > connection.sent) this.#tellResync(connection, mailbox.dropped);
      if (mailbox.last > connection.sent) connection.sent = this.#mailboxes.read(mailbox, connection.sent, batch);
    }
    const frame = batch.finish();
    if (frame === undefined) return;
    if (batch.deliveries > 0) this.#metrics.delivered.add(batch.deliveries);
    if (socket.bufferedAmount + frame.length <= PAUSE_ABOVE_BYTES) {
      socket.send(frame, ignoreWriteError);
    } else {
      connection.paused = true;
      connection.sinceMs = this.#lobby.nowMs;
      socket.send(frame, () => this.#resume(connection));
    }
    if (device !== undefined && !connection.paused && device.mailbox.last > connection.sent) this.queue(connection);
  }

  #resume(connection: Connection): void {
    if (!connection.paused || !connection.open) return;
    connection.paused = false;
    this.queue(connection);
  }

  #tellResync(connection: Connection, dropped: number): void {
    connection.sent = dropped;
    const value = create(ResyncNeededSchema, { mailboxEpoch: connection.device?.epoch ?? 0, nextSequence: BigInt(dropped + 1) });
    connection.push(create(PushSchema, { event: { case: "resyncNeeded", value } }));
  }

  #listsChanged(entry: DirectoryEntry, lists: readonly SignedDeviceList[], revoked: readonly DeviceNumber[]): void {
    for (const connection of this.#lobby.of(entry.account)) {
      const { device } = connection;
      if (device === undefined) continue;
      if (revoked.includes(device.device)) {
        const revokingList = this.#options.directory.revokingList(entry.account, device.device) ?? lists.at(-1);
        this.#end(connection, { error: "DEVICE_REVOKED", ...(revokingList === undefined ? {} : { revokingList }) });
      } else {
        const value = create(DeviceListChangedSchema, { accountId: device.accountBytes, lists: [...lists] });
        connection.push(create(PushSchema, { event: { case: "deviceListChanged", value } }));
      }
    }
    try {
      for (const device of revoked) this.#mailboxes.forgetDevice({ account: entry.account, device });
    } catch (cause) {
      // The list is durable already. What waits for the device can be fetched by nobody, and ages out.
      this.#options.log.error("mailbox-of-revoked-device", cause);
    }
  }

  /** Typed Goodbye, then the close. What was appended before stays appended; its acknowledgement may be lost. */
  #end(connection: Connection, reason: GoodbyeReason): void {
    if (!connection.open) return;
    this.#metrics.goodbyes.add(1, reason.error);
    if (reason.error === "DEVICE_REVOKED") this.#countCollateral(connection);
    sayGoodbye(connection.socket, reason);
    connection.state = "closing";
    connection.sinceMs = this.#lobby.nowMs;
    this.#release(connection);
  }

  /** A device that is told it is revoked and is not: the fault this whole program exists to prevent is seen, wherever it comes from. */
  #countCollateral({ device }: Connection): void {
    if (device === undefined || !this.#options.directory.find(device.address.account)?.devices.has(device.device)) return;
    this.#metrics.collateral.add(1);
    this.#options.log.error("collateral-signout", new Error("a device of the current list was told that it is revoked"));
  }

  heard(connection: Connection): void {
    this.#lobby.heard(connection);
  }

  closed(connection: Connection): void {
    if (connection.state === "closed") return;
    if (connection.open) this.#release(connection);
    connection.state = "closed";
    this.#lobby.leave(connection);
  }

  #release(connection: Connection): void {
    const { device } = connection;
    this.#options.operations.disconnected(connection);
    this.#lobby.ungroup(connection);
    if (device === undefined) return;
    this.#mailboxes.detach(device.mailbox, connection);
    this.#mailboxes.releaseWindow(device.window);
  }

  #jitteredRetryMs(): number {
    const [high, low] = this.#options.random.bytes(2) as unknown as [number, number];
    return RECONNECT_MIN_MS + Math.floor(((high * 256 + low) / 65_536) * RECONNECT_SPREAD_MS);
  }

  async drain(): Promise<void> {
    this.#draining = true;
    this.#mailboxes.flush();
    for (const connection of this.#lobby.all()) this.#end(connection, { error: "SHUTTING_DOWN", retryAfterMs: this.#jitteredRetryMs() });
    await this.#lobby.emptied(DRAIN_GRACE_MS);
    this.#lobby.close();
  }
}
