/**
 * The server: the real roles, request handler, upload desk and gateway over virtual disks, clock and sockets. Composed as
 * apps/server/src/server.ts composes them, without HTTP routes and processes. Invariant: `kill` takes everything but the disks.
 */
import { PROGRAM_VERSION } from "@hawser/base/version";
import { OperationalError, type Primitives, type SqlDatabase } from "@hawser/base";
import {
  BlobBooks,
  type BlockSync,
  DEFAULT_BLOB_QUOTA_BYTES,
  DEFAULT_BLOB_RETENTION_MS,
  emptyDormant,
  type Directory,
  type DirectoryRole,
  type Mailboxes,
  type MailboxLimits,
  openDirectoryRole,
  openMailboxes,
  openRateTables,
  PreKeyStore,
  RendezvousStore,
  RequestHandler,
} from "@hawser/relay";
import { UploadDesk } from "@hawser/server/blobs/upload-desk";
import { createGateway, type FrameSocket, type Gateway } from "@hawser/server/gateway/index";
import { cutOff } from "@hawser/server/ops/cut-off";
import { startHousekeeping } from "@hawser/server/ops/housekeeping";
import { RegistrationPolicy } from "@hawser/wire";
import { Disk } from "../engine/disk.ts";
import { Machine, ProcessDied } from "../engine/machine.ts";
import type { Network } from "../engine/network.ts";
import type { SeededRandom } from "../engine/seeded-random.ts";
import { BlobShelf } from "./blob-shelf.ts";
import { mailboxSync } from "./mailbox-sync.ts";
import { serveFrameHttp } from "./frame-http.ts";

export const ROLES = ["mailbox", "directory", "prekeys", "rendezvous", "blobs"] as const;
export type RoleName = (typeof ROLES)[number];

/** Places where a planted fault may stand between the parts. Identity when nothing is planted. */
export interface ServerSeams {
  database(role: RoleName, database: SqlDatabase): SqlDatabase;
  mailboxes(mailboxes: Mailboxes): Mailboxes;
  directory(directory: Directory): Directory;
  /** Where the mailboxes are synced beside the work. */
  sync(sync: BlockSync): BlockSync;
  /** What is done to a copy before its first start. */
  cutOff(its: typeof cutOff): typeof cutOff;
  /** What carries frames over HTTP. */
  httpSocket(socket: FrameSocket): FrameSocket;
}
export const NO_SERVER_SEAMS: ServerSeams = {
  database: (_role, database) => database,
  mailboxes: (mailboxes) => mailboxes,
  directory: (directory) => directory,
  sync: (sync) => sync,
  cutOff: (its) => its,
  httpSocket: (socket) => socket,
};

export interface VirtualServerOptions {
  readonly network: Network;
  readonly random: SeededRandom;
  readonly primitives: Primitives;
  readonly origin: string;
  /** The mailboxes are synced beside the work: what was not is gone when the power fails. */
  readonly mailboxLags: boolean;
  /** Asked at each start. */
  readonly seams: () => ServerSeams;
  /** Something failed inside that no order of the world explains. */
  onFault(event: string, cause: unknown): void;
}

const START_AGAIN_MS = 10_000;
const TICKET_LIFETIME_MS = 6 * 3_600_000;
const BLOB_LIMITS = {
  quotaBytes: DEFAULT_BLOB_QUOTA_BYTES,
  retentionMs: DEFAULT_BLOB_RETENTION_MS,
  maxUploads: 128,
  maxUploadsPerAccount: 16,
};

export class VirtualServer {
  readonly machine: Machine;
  readonly disks: Readonly<Record<RoleName, Disk>>;
  readonly #options: VirtualServerOptions;
  readonly #ticketKey: Uint8Array;
  readonly shelf: BlobShelf;
  /** Read at each start. */
  mailboxLimits: Partial<MailboxLimits> = {};
  #gateway: Gateway | undefined;
  #directory: DirectoryRole | undefined;
  #stopHousekeeping: (() => Promise<void>) | undefined;
  readonly #directoryListeners: ((role: DirectoryRole) => void)[] = [];

  constructor(options: VirtualServerOptions) {
    this.#options = options;
    this.machine = new Machine("server", options.network.scheduler, (error) => options.onFault("uncaught", error));
    this.disks = { mailbox: new Disk(), directory: new Disk(), prekeys: new Disk(), rendezvous: new Disk(), blobs: new Disk() };
    if (options.mailboxLags) this.disks.mailbox.lag(options.random.fork("mailbox disk"));
    this.#ticketKey = options.random.fork("ticket key").bytes(32);
    this.shelf = new BlobShelf(options.primitives);
  }

  get up(): boolean {
    return this.#gateway !== undefined;
  }

  /** The directory of the life that is up. */
  get directory(): Directory | undefined {
    return this.#directory?.directory;
  }

  /** Called with the directory of each life. */
  onStart(listener: (role: DirectoryRole) => void): void {
    this.#directoryListeners.push(listener);
  }

  /** As a supervisor does it: a server that cannot open what it needs is started again a little later. */
  start(): void {
    if (this.up) return;
    const life = this.machine.begin();
    try {
      this.#start(life);
    } catch (error) {
      if (error instanceof ProcessDied) return;
      this.machine.kill();
      if (!(error instanceof OperationalError)) this.#options.onFault("start", error);
      this.#options.network.scheduler.after(START_AGAIN_MS, () => this.start());
    }
  }

  #start(life: number): void {
    const { network, primitives, origin, onFault } = this.#options;
    const seams = this.#options.seams();
    const { machine } = this;
    const clock = machine.clock(life);
    const random = this.#options.random.fork(`life ${life}`);
    const open = (role: RoleName): SqlDatabase => seams.database(role, this.disks[role].openFor(machine, life));
    const fault = (event: string, cause: unknown): void => {
      if (cause instanceof OperationalError || cause instanceof ProcessDied || life !== machine.life) return;
      onFault(event, cause);
    };
    const mailboxes = seams.mailboxes(
      openMailboxes({
        database: open("mailbox"),
        ...(this.#options.mailboxLags ? { sync: seams.sync(mailboxSync(this.disks.mailbox, machine, random.fork("syncs"))) } : {}),
        clock,
        random,
        schedule: (callback) => void network.scheduler.after(0, () => machine.enter(life, callback)),
        onUpkeepFailure: (cause) => fault("mailbox-upkeep", cause),
        ...this.mailboxLimits,
      }),
    );
    const codeSender = { send: () => Promise.resolve() };
    const directoryRole = openDirectoryRole({ database: open("directory"), clock, random, primitives, mode: "open", codeSender });
    /** A role that does not open is tried again; the others run without it. */
    const role = <T>(name: RoleName, make: () => T): (() => T) => {
      let value: T | undefined;
      const tryOpen = (): void => {
        try {
          value = make();
        } catch (error) {
          if (!(error instanceof OperationalError)) throw error;
          clock.after(START_AGAIN_MS, tryOpen);
        }
      };
      tryOpen();
      return () => {
        if (value === undefined || this.disks[name].outOfService)
          throw new OperationalError("STORE_UNAVAILABLE", { retry: { afterMs: 2_000 } });
        return value;
      };
    };
    const directory = role("directory", () => directoryRole);
    const preKeys = role("prekeys", () => new PreKeyStore(open("prekeys")));
    const rendezvous = role("rendezvous", () => new RendezvousStore(open("rendezvous")));
    const books = role("blobs", () => new BlobBooks(open("blobs"), BLOB_LIMITS.retentionMs));
    const operations = new RequestHandler({
      roles: { directory, preKeys, rendezvous, blobs: books },
      limits: openRateTables(clock),
      clock,
      random,
      primitives,
      ticketKey: this.#ticketKey,
      blobQuotaBytes: BLOB_LIMITS.quotaBytes,
      ticketLifetimeMs: TICKET_LIFETIME_MS,
      onFault: (operation, error) => fault(`request ${operation}`, error),
    });
    const gateway = createGateway({
      directory: seams.directory(directoryRole.directory),
      operations,
      mailboxes,
      primitives,
      clock,
      random,
      origin,
      registration: RegistrationPolicy.OPEN,
      serverVersion: PROGRAM_VERSION,
      metrics: { counter: () => ({ add: () => undefined }), gauge: () => undefined, histogram: () => ({ observe: () => undefined }) },
      log: { info: () => undefined, warn: () => undefined, error: (event, cause) => fault(event, cause) },
    });
    directoryRole.directory.onChange((entry, _lists, revoked) => {
      if (revoked.length === 0) return;
      try {
        preKeys().remove(entry.account, revoked);
      } catch (cause) {
        fault("prekeys-of-revoked-device", cause);
      }
    });
    for (const listener of this.#directoryListeners) listener(directoryRole);
    this.shelf.open({ desk: new UploadDesk({ primitives, ticketKey: this.#ticketKey, clock, limits: BLOB_LIMITS, books }), books, clock });
    this.#stopHousekeeping = startHousekeeping(
      [
        { name: "activity", everyMs: 60_000, run: () => directory().activity.flush() },
        { name: "dormant-devices", everyMs: 3_600_000, run: () => void emptyDormant(directory().dormancy, mailboxes, clock.nowMs()) },
        { name: "rendezvous", everyMs: 30_000, run: () => void rendezvous().sweep(clock.nowMs()) },
        { name: "blobs", everyMs: 60_000, run: () => this.shelf.expire() },
      ],
      clock,
      { info: () => undefined, warn: () => undefined, error: (event, cause) => fault(event, cause) },
    );
    this.#gateway = gateway;
    this.#directory = directoryRole;
    network.listener = {
      machine,
      life,
      accept: (connection, address) => gateway.accept(connection.serverEnd, address),
      request: serveFrameHttp({
        network,
        machine,
        life,
        clock,
        random: random.fork("carriers"),
        accept: (socket, address, kind) => gateway.accept(seams.httpSocket(socket), address, kind),
      }),
    };
  }

  /** `reset`: the process died and its kernel says so. `silent`: the whole machine is gone. */
  kill(how: "reset" | "silent"): void {
    this.#gone();
    this.machine.kill();
    this.#options.network.processGone(this.machine, how);
  }

  /** What calling the result puts back, as apps/server/src/ops/restore.ts does it: into an empty folder, and cut off. */
  backUp(): () => void {
    const copies = ROLES.map((role) => [role, this.disks[role].copy()] as const);
    const putBackBlobs = this.shelf.backUp();
    return () => {
      this.kill("silent");
      for (const [role, copy] of copies) {
        const disk = this.disks[role];
        disk.outOfService = false;
        disk.order = undefined;
        disk.restore(copy);
      }
      putBackBlobs();
      const life = this.machine.begin();
      const open = (role: RoleName): SqlDatabase => this.disks[role].openFor(this.machine, life);
      this.#options.seams().cutOff(cutOff)(
        { mailbox: open("mailbox"), preKeys: open("prekeys") },
        this.#options.random.fork(`cut off ${life}`),
      );
      this.machine.kill();
    };
  }

  losePower(): void {
    for (const disk of Object.values(this.disks)) disk.powerLost = true;
    this.kill("silent");
  }

  /** As an operator restarts it: says goodbye first. */
  async stop(): Promise<void> {
    const gateway = this.#gateway;
    const { life } = this.machine;
    await this.#stopHousekeeping?.();
    await gateway?.drain();
    if (this.machine.life === life) this.kill("reset");
  }

  #gone(): void {
    this.#gateway = undefined;
    this.#directory = undefined;
    this.#options.network.listener = undefined;
    this.shelf.shut();
  }

  closeDisks(): void {
    for (const disk of Object.values(this.disks)) disk.close();
  }
}
