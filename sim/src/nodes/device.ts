/** One device: a machine, a profile on its disk, and the real client as its process. Invariant: a restart keeps the disk and nothing else. */
import { PROGRAM_VERSION } from "@hawser/base/version";
import type { Bytes, Clock, Http, Primitives, Random, SqlDatabase, Transport } from "@hawser/base";
import {
  type ClientEvent,
  type ClientPorts,
  createClient,
  flushedClient,
  type HawserClient,
  type IdentityVault,
  type LogEvent,
  salvageStore,
} from "@hawser/client";
import { flushedTransport } from "@hawser/io-web/flushed-transport";
import { Disk } from "../engine/disk.ts";
import { Machine, ProcessDied } from "../engine/machine.ts";
import type { Carrier, Network } from "../engine/network.ts";
import type { SeededRandom } from "../engine/seeded-random.ts";
import { mirror } from "./mirrored-disk.ts";
import { virtualHttpTransport } from "./frame-http.ts";
import type { ProgramOf } from "./old-version.ts";
import { type HttpFaults, virtualHttp } from "./virtual-http.ts";
import type { VirtualServer } from "./virtual-server.ts";

/** Where a planted fault may stand between a client and its ports. */
export interface DeviceSeams {
  database(database: SqlDatabase): SqlDatabase;
  transport(transport: Transport): Transport;
  random(random: Random): Random;
  clock(clock: Clock): Clock;
  http(http: Http): Http;
  primitives(primitives: Primitives): Primitives;
  /** What frames and answers wait for, where the store is a mirror. */
  flush(flush: () => Promise<void>): () => Promise<void>;
  /** How a damaged store is rebuilt. */
  salvage(salvage: typeof salvageStore): typeof salvageStore;
}
const same = <T>(value: T): T => value;
export const NO_DEVICE_SEAMS: DeviceSeams = {
  database: same,
  transport: same,
  random: same,
  clock: same,
  http: same,
  primitives: same,
  flush: same,
  salvage: same,
};

/** Which transports a device has beside WebSockets: event streams and polls as connections of another kind, or over HTTP, as they are. */
export type Fallbacks = "none" | "connections" | "http";

export interface DeviceOptions {
  readonly name: string;
  readonly network: Network;
  readonly server: VirtualServer;
  readonly random: SeededRandom;
  readonly primitives: Primitives;
  readonly origin: string;
  readonly httpFaults: HttpFaults;
  /** Asked at each start. */
  readonly fallbacks: () => Fallbacks;
  readonly seams: (device: Device) => DeviceSeams;
  readonly programOf: ProgramOf;
  /** Its store is in memory, and mirrored. */
  readonly isMirror: boolean;
  onEvent(device: Device, event: ClientEvent): void;
  onBody(body: Bytes): void;
  onFault(device: Device, error: unknown): void;
  onLog?(device: Device, event: LogEvent): void;
}

export class Device {
  readonly name: string;
  readonly machine: Machine;
  readonly disk = new Disk();
  /** A second place for its keys, where its platform has one. What is in it survives the disk. */
  vault: { record: Bytes | undefined } | undefined;
  /** Its next process finds pages of its store that are not what was written to them. */
  damage: SeededRandom | undefined;
  /** Rows that were saved, each time that its store was rebuilt. */
  readonly salvaged: number[] = [];
  /** What its platform calls the network it is on. */
  network = "";
  /** How often it was started. */
  starts = 0;
  /** Whether its program is today's, and not a release before it. */
  runsToday = true;
  readonly #options: DeviceOptions;
  #client: HawserClient | undefined;

  constructor(options: DeviceOptions) {
    this.#options = options;
    this.name = options.name;
    this.machine = new Machine(options.name, options.network.scheduler, (error) => options.onFault(this, error));
  }

  /** The running process; `undefined` while it is closed or dead. */
  get client(): HawserClient | undefined {
    return this.#client;
  }

  /** `undefined`: it died while it started. */
  start(): HawserClient | undefined {
    if (this.#client !== undefined) return this.#client;
    const { network, server, origin, httpFaults } = this.#options;
    const { machine } = this;
    const life = machine.begin();
    const random = this.#options.random.fork(`life ${life}`);
    if (this.damage !== undefined) this.disk.damage(this.damage);
    if (this.damage !== undefined && !this.disk.isSound) this.#rebuild(life);
    this.damage = undefined;
    const seams = this.#options.seams(this);
    const onBody = (request: { readonly body?: Bytes }): void =>
      request.body === undefined ? undefined : this.#options.onBody(request.body);
    const clock = seams.clock(machine.clock(life));
    const fallbacks = this.#options.fallbacks();
    const mirrored = this.#options.isMirror ? mirror(this.disk, machine.clock(life), random.fork("mirror")) : undefined;
    const flush = seams.flush(() => mirrored?.flush() ?? Promise.resolve());
    const flushed = (its: Transport): Transport => (mirrored === undefined ? its : flushedTransport(its, flush));
    const transport = (kind: Carrier): Transport =>
      seams.transport(
        flushed(
          kind === "websocket" || fallbacks === "connections"
            ? { kind, open: (_url, events) => network.open(machine, life, events, kind) }
            : virtualHttpTransport(kind, { network, machine, life, clock }),
        ),
      );
    const ports: ClientPorts = {
      ...(this.vault === undefined ? {} : { vault: this.#openVault(life) }),
      database: seams.database(this.disk.openFor(machine, life)),
      transport: transport("websocket"),
      ...(fallbacks !== "none" ? { otherTransports: [transport("sse"), transport("poll")], network: () => this.network } : {}),
      http: seams.http(
        virtualHttp({ network, machine, life, shelf: server.shelf, random: random.fork("http"), faults: httpFaults, onBody }),
      ),
      clock,
      random: seams.random(random),
      primitives: seams.primitives(this.#options.primitives),
      origin,
      serverUrl: origin,
      storage: mirrored === undefined ? { kind: "file", durable: true } : { kind: "indexeddb", durable: true },
      platform: { kind: "sdk", version: PROGRAM_VERSION, description: "simulated" },
      recoveryKdf: (code, salt) => Promise.resolve(this.#options.primitives.hmacSha256(salt, code)),
      log: (event) => {
        network.trace.note(`${this.name} # ${JSON.stringify(event)}`);
        this.#options.onLog?.(this, event);
      },
    };
    let client: HawserClient;
    try {
      const program = this.#options.programOf(this.name, this.starts++);
      this.runsToday = program === createClient;
      client = mirrored === undefined ? program(ports) : flushedClient(program(ports), flush);
    } catch (error) {
      if (!(error instanceof ProcessDied)) throw error;
      machine.kill();
      network.processGone(machine, "silent");
      return undefined;
    }
    client.subscribe((event) => {
      if (machine.life === life) this.#options.onEvent(this, event);
    });
    this.#client = client;
    return client;
  }

  /** As browsers do it (packages/io-web/src/rebuild.ts): what can be read goes into a fresh store, which takes the place of the damaged one. */
  #rebuild(life: number): void {
    const fresh = new Disk();
    const from = this.disk.isReadable ? this.disk.openFor(this.machine, life) : undefined;
    this.salvaged.push(this.#options.seams(this).salvage(salvageStore)(from, fresh.openFor(this.machine, life)));
    this.disk.restore(fresh.copy());
    fresh.close();
  }

  #openVault(life: number): IdentityVault {
    const keep = (record: Bytes | undefined): void => {
      if (this.machine.life === life) this.vault = { record };
    };
    return {
      kept: this.vault?.record,
      put: keep,
      clear: () => Promise.resolve(keep(undefined)),
    };
  }

  /** As a person closes it. */
  close(): void {
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return;
    void client.close();
    this.machine.kill();
    this.#options.network.processGone(this.machine, "reset");
  }

  /** The process is gone without a word. */
  kill(how: "reset" | "silent"): void {
    if (this.#client === undefined) return;
    this.#client = undefined;
    this.machine.kill();
    this.#options.network.processGone(this.machine, how);
  }
}
