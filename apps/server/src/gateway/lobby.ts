/**
 * Who is here: all connections, those of each account, and the clocks that run for them. Invariant: a connection that says
 * nothing, takes nothing or does not go when told is torn down within a bound. One timer serves all connections.
 */
import { type AccountId, assert, type Clock, type DeviceNumber, type Random } from "@hawser/base";
import { AUTH_NONCE_SIZE_BYTES } from "@hawser/crypto";
import type { ErrorName } from "@hawser/wire";
import { type AccountGroup, Connection, type ConnectionHost } from "./connection.ts";
import { type FrameSocket, SOCKET_OPEN } from "./frame-socket.ts";
import { CLOSE_GRACE_MS, type GatewayLimits, SWEEP_EVERY_MS, SWEEPS_PER_LIVENESS_CHECK } from "./gateway-limits.ts";
import type { GoodbyeReason } from "./goodbye.ts";
import { TokenBucket } from "./token-bucket.ts";

export class Lobby {
  readonly #limits: GatewayLimits;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #end: (connection: Connection, reason: GoodbyeReason) => void;
  readonly #swept: (lateMs: number) => void;
  readonly #connections = new Set<Connection>();
  /** In the order of arrival, so that a sweep stops at the first that still has time. */
  readonly #unidentified = new Set<Connection>();
  readonly #anonymous = new Set<Connection>();
  readonly #groups = new Map<AccountId, AccountGroup>();
  readonly #perAddress = new Map<string, number>();
  #sweeps = 0;
  #cancelSweep: (() => void) | undefined = undefined;
  #whenEmpty: (() => void) | undefined = undefined;
  /** The coarse clock of all connections: monotonic, as of the last sweep or arrival. */
  nowMs: number;

  /** `swept`: after each sweep, with how late it was. */
  constructor(
    limits: GatewayLimits,
    clock: Clock,
    random: Random,
    end: (connection: Connection, reason: GoodbyeReason) => void,
    swept: (lateMs: number) => void,
  ) {
    this.#limits = limits;
    this.#clock = clock;
    this.#random = random;
    this.#end = end;
    this.#swept = swept;
    this.nowMs = clock.monotonicMs();
  }

  get size(): number {
    return this.#connections.size;
  }

  all(): Connection[] {
    return [...this.#connections];
  }

  /** Why a further connection is not taken now. */
  refusal(remoteAddress: string): ErrorName | undefined {
    const limits = this.#limits;
    if (this.#connections.size >= limits.maxConnections || this.#unidentified.size >= limits.maxUnidentified) return "OVERLOADED";
    if ((this.#perAddress.get(remoteAddress) ?? 0) >= limits.maxConnectionsPerAddress) return "TOO_MANY_CONNECTIONS";
    return undefined;
  }

  enter(host: ConnectionHost, socket: FrameSocket, remoteAddress: string): Connection {
    this.nowMs = this.#clock.monotonicMs();
    const connection = new Connection(host, socket, remoteAddress, this.#random.bytes(AUTH_NONCE_SIZE_BYTES), this.nowMs);
    this.#connections.add(connection);
    this.#unidentified.add(connection);
    this.#perAddress.set(remoteAddress, (this.#perAddress.get(remoteAddress) ?? 0) + 1);
    this.#armSweep();
    return connection;
  }

  leave(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    this.#unidentified.delete(connection);
    this.#anonymous.delete(connection);
    const left = (this.#perAddress.get(connection.remoteAddress) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(connection.remoteAddress);
    else this.#perAddress.set(connection.remoteAddress, left);
    if (this.#connections.size === 0) this.#whenEmpty?.();
  }

  heard(connection: Connection): void {
    connection.heardMs = this.nowMs;
  }

  /** It stays without a device. False when there are too many of those. */
  becomeAnonymous(connection: Connection): boolean {
    if (this.#anonymous.size >= this.#limits.maxAnonymous) return false;
    this.#identified(connection);
    connection.state = "anonymous";
    this.#anonymous.add(connection);
    return true;
  }

  #identified(connection: Connection): void {
    connection.nonce = undefined;
    connection.sinceMs = this.nowMs;
    this.#unidentified.delete(connection);
  }

  of(account: AccountId): readonly Connection[] {
    return [...(this.#groups.get(account)?.connections ?? [])];
  }

  /** The older connection of the same device, if there is one. */
  findDevice(account: AccountId, device: DeviceNumber): Connection | undefined {
    return this.#groups.get(account)?.connections.find((connection) => connection.device?.device === device);
  }

  /** Joins a connection to its account, once its device has proved itself. */
  group(connection: Connection, account: AccountId): AccountGroup {
    assert(connection.state === "hello", "a connection authenticates once");
    this.#identified(connection);
    connection.state = "device";
    let group = this.#groups.get(account);
    if (group === undefined) {
      group = { account, connections: [], bucket: new TokenBucket(this.#limits.sendBurstPerAccount, this.#clock.monotonicMs()) };
      this.#groups.set(account, group);
    }
    group.connections.push(connection);
    return group;
  }

  ungroup(connection: Connection): void {
    const group = connection.device?.group;
    if (group === undefined) return;
    const at = group.connections.indexOf(connection);
    if (at >= 0) group.connections.splice(at, 1);
    if (group.connections.length === 0) this.#groups.delete(group.account);
  }

  #armSweep(): void {
    const dueMs = this.#clock.monotonicMs() + SWEEP_EVERY_MS;
    this.#cancelSweep ??= this.#clock.after(SWEEP_EVERY_MS, () => {
      this.#cancelSweep = undefined;
      this.#sweep();
      this.#swept(this.nowMs - dueMs);
      if (this.#connections.size > 0) this.#armSweep();
    });
  }

  #sweep(): void {
    this.nowMs = this.#clock.monotonicMs();
    for (const connection of this.#unidentified) {
      if (this.nowMs - connection.sinceMs < this.#limits.helloDeadlineMs) break;
      this.#unidentified.delete(connection);
      this.#end(connection, { error: "TIMEOUT" });
    }
    for (const connection of this.#anonymous) {
      if (this.nowMs - connection.sinceMs < this.#limits.anonymousLifetimeMs) break;
      this.#anonymous.delete(connection);
      this.#end(connection, { error: "TIMEOUT" });
    }
    this.#sweeps++;
    if (this.#sweeps % SWEEPS_PER_LIVENESS_CHECK === 0) for (const connection of this.#connections) this.#checkLiveness(connection);
  }

  #checkLiveness(connection: Connection): void {
    const { socket } = connection;
    const silentMs = this.nowMs - connection.heardMs;
    const stalled = connection.paused && this.nowMs - connection.sinceMs > this.#limits.stalledAfterMs;
    const overdue = connection.state === "closing" && this.nowMs - connection.sinceMs > CLOSE_GRACE_MS;
    if (overdue || stalled || silentMs > this.#limits.deadAfterMs) socket.terminate();
    else if (silentMs > this.#limits.pingAfterMs && socket.readyState === SOCKET_OPEN) socket.ping();
  }

  /** Resolves when the last connection has left; tears down those that are left after `graceMs`. */
  async emptied(graceMs: number): Promise<void> {
    if (this.#connections.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenEmpty = resolve;
    const cancel = this.#clock.after(graceMs, () => {
      for (const connection of this.#connections) connection.socket.terminate();
    });
    await promise;
    cancel();
  }

  close(): void {
    this.#cancelSweep?.();
  }
}
