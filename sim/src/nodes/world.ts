/** A world: one server, accounts with their devices, a network, and who watches. */
import type { Bytes, Primitives } from "@hawser/base";
import type { ClientEvent } from "@hawser/client";
import { nodePrimitives } from "@hawser/io-node";
import { ArchiveWatch } from "../check/archive-watch.ts";
import { BlockWatch } from "../check/blocks.ts";
import { Oracle } from "../check/oracle.ts";
import { KeyUse } from "../check/key-use.ts";
import { Violations } from "../check/violation.ts";
import { WireWatch } from "../check/wire-watch.ts";
import { Network } from "../engine/network.ts";
import { Scheduler } from "../engine/scheduler.ts";
import { SeededRandom } from "../engine/seeded-random.ts";
import { Trace } from "../engine/trace.ts";
import type { Account } from "./account.ts";
import { Device, type DeviceSeams, type Fallbacks, NO_DEVICE_SEAMS } from "./device.ts";
import { type ProgramOf, TODAY } from "./old-version.ts";
import type { HttpFaults } from "./virtual-http.ts";
import { NO_SERVER_SEAMS, type ServerSeams, VirtualServer } from "./virtual-server.ts";

export const ORIGIN = "https://chat.sim.example";

export type { Account } from "./account.ts";

export interface Seams {
  readonly server?: (world: World) => Partial<ServerSeams>;
  readonly device?: (device: Device, world: World) => Partial<DeviceSeams>;
}

export interface WorldOptions {
  readonly seed: number;
  readonly seams?: Seams;
  readonly follow?: (line: string) => void;
  /** What devices have to fall back to from WebSockets. */
  readonly fallbacks?: Fallbacks;
  readonly programOf?: ProgramOf;
  /** The server's mailboxes are synced beside the work. */
  readonly mailboxLags?: boolean;
  /** Devices that have a second place for their keys. */
  readonly hasVault?: (device: string) => boolean;
  /** Devices whose store is in memory and mirrored. */
  readonly isMirror?: (device: string) => boolean;
}

/** Enough of the stack to find it. */
export const describeFault = (cause: unknown): string =>
  cause instanceof Error
    ? (cause.stack ?? cause.message)
        .split("\n")
        .slice(0, 12)
        .map((line) => line.trim())
        .join(" ")
    : String(cause);

export class World {
  readonly scheduler = new Scheduler();
  readonly trace: Trace;
  readonly random: SeededRandom;
  readonly network: Network;
  readonly server: VirtualServer;
  readonly accounts: Account[] = [];
  readonly violations = new Violations();
  readonly oracle: Oracle;
  readonly wire: WireWatch;
  readonly archives: ArchiveWatch;
  readonly blocks: BlockWatch;
  readonly httpFaults: HttpFaults = { lostAnswers: 0, repeatedRequests: 0 };
  readonly #primitives: Primitives;
  readonly #seams: Seams;
  readonly #fallbacks: Fallbacks;
  readonly #programOf: ProgramOf;
  readonly #hasVault: (device: string) => boolean;
  readonly #isMirror: (device: string) => boolean;

  constructor({
    seed,
    seams = {},
    follow,
    fallbacks = "none",
    programOf = TODAY,
    mailboxLags = false,
    isMirror = () => false,
    hasVault = () => false,
  }: WorldOptions) {
    this.#isMirror = isMirror;
    this.#hasVault = hasVault;
    this.#fallbacks = fallbacks;
    this.#programOf = programOf;
    this.#seams = seams;
    this.random = new SeededRandom(`seed ${seed}`);
    this.trace = new Trace(this.scheduler, follow);
    this.network = new Network(this.scheduler, this.trace, this.random.fork("network"));
    const keyUse = new KeyUse(this.violations);
    this.#primitives = keyUse.watch(nodePrimitives);
    this.wire = new WireWatch(this.network, keyUse, this.violations);
    this.server = new VirtualServer({
      network: this.network,
      random: this.random.fork("server"),
      primitives: nodePrimitives,
      origin: ORIGIN,
      mailboxLags,
      seams: () => {
        const planted = { ...NO_SERVER_SEAMS, ...seams.server?.(this) };
        return { ...planted, mailboxes: (mailboxes) => this.oracle.watchMailboxes(planted.mailboxes(mailboxes)) };
      },
      onFault: (event, cause) => this.violations.add("no fault inside", `server: ${event}: ${describeFault(cause)}`),
    });
    this.oracle = new Oracle(this);
    this.archives = new ArchiveWatch(this);
    this.blocks = new BlockWatch(this);
    this.server.onStart(({ directory }) => {
      this.archives.watchDirectory(directory);
      this.oracle.watchDirectory(directory);
    });
  }

  get devices(): Device[] {
    return this.accounts.flatMap((account) => account.devices);
  }

  accountOf(device: Device): Account {
    return this.accounts.find((account) => account.devices.includes(device))!;
  }

  addDevice(account: Account, name: string): Device {
    const device = new Device({
      name,
      network: this.network,
      server: this.server,
      random: this.random.fork(`device ${name}`),
      primitives: this.#primitives,
      origin: ORIGIN,
      httpFaults: this.httpFaults,
      fallbacks: () => this.#fallbacks,
      programOf: this.#programOf,
      isMirror: this.#isMirror(name),
      seams: (its) => ({ ...NO_DEVICE_SEAMS, ...this.#seams.device?.(its, this) }),
      onEvent: (its, event) => this.#event(its, event),
      onBody: (body: Bytes) => this.wire.body(body),
      onFault: (its, error) => this.violations.add("no fault inside", `${its.name}: ${describeFault(error)}`),
    });
    if (this.#hasVault(name)) device.vault = { record: undefined };
    account.devices.push(device);
    return device;
  }

  #event(device: Device, event: ClientEvent): void {
    this.oracle.event(device, event);
  }

  close(): void {
    for (const device of this.devices) {
      device.kill("silent");
      device.disk.close();
    }
    this.server.kill("silent");
    this.server.closeDisks();
  }
}
