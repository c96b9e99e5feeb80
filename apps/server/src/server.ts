/**
 * One server: roles over their stores, the gateway, and HTTP on one port. This file only wires. Invariant: `startServer`
 * either returns a server that serves, or throws and leaves nothing open.
 */
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { PROGRAM_VERSION } from "@hawser/base/version";
import { nodePrimitives, systemClock, systemRandom } from "@hawser/io-node";
import {
  DEFAULT_BLOB_QUOTA_BYTES,
  DEFAULT_BLOB_RETENTION_MS,
  emptyDormant,
  type InvitationOptions,
  openRateTables,
  type RegistrationMode,
  RequestHandler,
} from "@hawser/relay";
import { PROTOCOL_MAX, PROTOCOL_MIN, RegistrationPolicy } from "@hawser/wire";
import type { FastifyInstance } from "fastify";
import { BlobFiles } from "./blobs/blob-files.ts";
import { UploadDesk } from "./blobs/upload-desk.ts";
import type { BlobLimits, ServerOptions } from "./config/server-options.ts";
import { createGateway, type Gateway, type Log } from "./gateway/index.ts";
import { createHttpApp } from "./http/app.ts";
import { CarrierTable } from "./http/carrier-table.ts";
import { registerBlobRoutes } from "./http/blob-routes.ts";
import { registerConnectRoutes } from "./http/connect-routes.ts";
import { clientAddresses, type ClientAddressOf } from "./http/client-address.ts";
import { securityHeaders } from "./http/security-headers.ts";
import { attachWebSocket } from "./http/websocket-upgrade.ts";
import { backup, type BackupSummary } from "./ops/backup.ts";
import { blobsPath, type DataDirLock, loadOrCreateTicketKey, lockDataDir, type RoleName } from "./ops/data-dir.ts";
import { type CrowdWatch, watchCrowd } from "./ops/crowd.ts";
import { startHousekeeping, type Task } from "./ops/housekeeping.ts";
import { createLog } from "./ops/log.ts";
import { createMetrics, type ServerMetrics } from "./ops/metrics.ts";
import { registerOutcomeRoutes } from "./outcomes/outcome-routes.ts";
import { createOutcomes, type ServerOutcomes } from "./outcomes/outcomes.ts";
import { openRoles, type RoleSet, rolesForRequests, roleStates } from "./ops/open-roles.ts";
import type { RoleState } from "./ops/role.ts";

export interface RunningServer {
  /** Where it can be reached from this machine, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly origin: string;
  connections(): number;
  roles(): Readonly<Record<RoleName, RoleState>>;
  /** Takes a role out of service and puts it back, for maintenance and for drills. */
  takeOut(role: RoleName): void;
  putBack(role: RoleName): void;
  /** A consistent copy while running. */
  backup(targetDir: string): Promise<BackupSummary>;
  createInvitation(options: InvitationOptions): string;
  /** Says goodbye to everybody, finishes what is under way, closes. Safe to call twice. */
  stop(): Promise<void>;
}

const TICKET_LIFETIME_MS = 6 * 3_600_000;
const PART_LIFETIME_MS = 48 * 3_600_000;
const UPLOAD_GRACE_MS = 5_000;
const DEFAULT_BLOB_LIMITS: BlobLimits = {
  quotaBytes: DEFAULT_BLOB_QUOTA_BYTES,
  retentionMs: DEFAULT_BLOB_RETENTION_MS,
  maxUploads: 128,
  maxUploadsPerAccount: 16,
};
const POLICIES: Readonly<Record<RegistrationMode, RegistrationPolicy>> = {
  open: RegistrationPolicy.OPEN,
  invitation: RegistrationPolicy.INVITATION,
  code: RegistrationPolicy.CODE,
  closed: RegistrationPolicy.UNSPECIFIED,
};

/** @throws OperationalError when the data folder is in use or a required store does not open. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const undo: Undo = [];
  try {
    return await start(options, undo);
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

type Undo = (() => void | Promise<void>)[];

/** What the parts of one server share. */
interface Parts {
  readonly options: ServerOptions;
  readonly log: Log;
  readonly metrics: ServerMetrics;
  readonly lock: DataDirLock;
  readonly roles: RoleSet;
  readonly outcomes: ServerOutcomes;
  readonly blobLimits: BlobLimits;
  readonly ticketKey: Uint8Array;
  readonly files: BlobFiles;
  readonly addressOf: ClientAddressOf;
  readonly carriers: CarrierTable;
  /** What is known only once the port is. */
  readonly late: { origin: string; headers: Readonly<Record<string, string>>; gateway?: Gateway; crowd?: CrowdWatch };
}

async function start(options: ServerOptions, undo: Undo): Promise<RunningServer> {
  const parts = openParts(options, undo);
  const { roles, log, late } = parts;
  const app = createHttp(parts);
  undo.push(() => app.close());
  await app.listen({ host: options.host ?? "127.0.0.1", port: options.port ?? 0 });

  const { port } = app.server.address() as AddressInfo;
  const url = localUrl(options, port);
  const origin = options.origin === undefined ? url : new URL(options.origin).origin;
  late.origin = origin;
  late.headers = securityHeaders(origin, options.linkNodes);
  const gateway = openGateway(parts, origin);
  late.gateway = gateway;
  const neighbours = parts.outcomes.watch((account) => gateway.connectedDevices(account));
  roles.directory.get().directory.onChange((entry, _lists, revoked) => neighbours.listChanged(entry.account, revoked));
  const crowd = watchCrowd(() => gateway.connections(), systemClock);
  late.crowd = crowd;
  attachWebSocket(app.server, {
    addressOf: parts.addressOf,
    allowsOrigin: (from, request) => allowsOrigin(parts, from, request),
    accept: (socket, address) => gateway.accept(socket, address),
  });
  emptyDormantDevices(roles);
  const stopHousekeeping = startHousekeeping([...housekeeping(roles, parts.files), ...parts.outcomes.tasks], systemClock, log);
  log.info("started", { port, registration: options.registration, tls: options.tls !== undefined, version: PROGRAM_VERSION });

  const stop = async (): Promise<void> => {
    log.info("stopping");
    crowd.stop();
    await stopHousekeeping();
    await closeConnections(app, gateway);
    parts.carriers.close();
    await parts.files.settled();
    neighbours.stop();
    parts.outcomes.flush();
    closeRoles(roles);
    parts.lock.release();
    log.info("stopped");
  };
  let stopping: Promise<void> | undefined;
  return {
    url,
    port,
    origin,
    connections: () => gateway.connections(),
    roles: () => roleStates(roles),
    takeOut: (role) => roles[role].takeOut(),
    putBack: (role) => roles[role].putBack(),
    backup: (targetDir) => backup(options.dataDir, targetDir),
    createInvitation: (invitation) => roles.directory.get().registration.invitations.create(invitation, systemClock.nowMs(), systemRandom),
    stop: () => (stopping ??= stop()),
  };
}

function openParts(options: ServerOptions, undo: Undo): Parts {
  const addressOf = clientAddresses(options.trustedProxies);
  const log = createLog(options.logLevel ?? "info", options.logTo);
  const lock = lockDataDir(options.dataDir);
  undo.push(() => lock.release());
  const blobLimits: BlobLimits = { ...DEFAULT_BLOB_LIMITS, ...options.limits?.blobs };
  const roles = openRoles({
    dataDir: options.dataDir,
    clock: systemClock,
    random: systemRandom,
    primitives: nodePrimitives,
    registration: options.registration,
    codeSender: options.codeSender ?? logCodes(log),
    blobLimits,
    mailboxLimits: options.limits?.mailboxes ?? {},
    log,
  });
  undo.push(() => closeRoles(roles));
  // A device that was revoked opens no more sessions. Claims look at the list anyway: this may be lost without harm.
  roles.directory.get().directory.onChange((entry, _lists, revoked) => {
    if (revoked.length === 0) return;
    try {
      roles.prekeys.get().remove(entry.account, revoked);
    } catch (error) {
      log.error("prekeys-of-revoked-device", error);
    }
  });
  const files = new BlobFiles({
    root: blobsPath(options.dataDir),
    random: systemRandom,
    nowMs: () => systemClock.nowMs(),
    books: () => roles.blobs.get(),
  });
  const ticketKey = loadOrCreateTicketKey(options.dataDir, systemRandom);
  const metrics = createMetrics();
  return {
    options,
    log,
    metrics,
    outcomes: createOutcomes({ clock: systemClock, log, metrics, store: () => roles.outcomes.get() }),
    lock,
    roles,
    blobLimits,
    ticketKey,
    files,
    addressOf,
    carriers: new CarrierTable({ clock: systemClock, random: systemRandom, soon: (callback) => void setImmediate(callback) }),
    late: { origin: "", headers: {} },
  };
}

function createHttp(parts: Parts): FastifyInstance {
  const { options, log, metrics, roles, blobLimits, ticketKey, files, addressOf, carriers, late } = parts;
  const health = (): { ok: boolean; body: Record<string, unknown> } => {
    const states = roleStates(roles);
    const ok = late.gateway !== undefined && states.mailbox === "up" && states.directory === "up";
    const whole = Object.values(states).every((state) => state === "up");
    const status = ok ? (whole ? "ok" : "degraded") : "down";
    const protocol = { min: PROTOCOL_MIN, max: PROTOCOL_MAX };
    const crowd = late.crowd?.now();
    return {
      ok,
      body: {
        status,
        version: PROGRAM_VERSION,
        roles: states,
        protocol,
        timeMs: systemClock.nowMs(),
        ...(crowd === undefined ? {} : { crowd }),
      },
    };
  };
  const { tls, webRoot, metricsToken } = options;
  const app = createHttpApp({ tls, webRoot, metricsToken, log, metrics, headers: () => late.headers, origin: () => late.origin, health });
  registerOutcomeRoutes(app, options.adminToken, () => roles.outcomes.get());
  const books = () => roles.blobs.get();
  const bytes = metrics.counter("hawser_blob_bytes_total", "Bytes of blobs received and sent", "direction");
  registerBlobRoutes(app, {
    files,
    desk: new UploadDesk({ primitives: nodePrimitives, ticketKey, clock: systemClock, limits: blobLimits, books }),
    clock: systemClock,
    books,
    addressOf,
    observe(bytesIn, bytesOut) {
      if (bytesIn > 0) bytes.add(bytesIn, "in");
      if (bytesOut > 0) bytes.add(bytesOut, "out");
    },
  });
  registerConnectRoutes(app, {
    carriers,
    addressOf,
    allowsOrigin: (from, request) => allowsOrigin(parts, from, request),
    accept(socket, address, kind) {
      late.gateway?.accept(socket, address, kind);
      return late.gateway !== undefined;
    },
  });
  for (const kind of ["sse", "poll"] as const)
    metrics.gauge(`hawser_connections_${kind}`, `Open connections carried by ${kind}`, () => carriers.count(kind));
  return app;
}

/** Pages of this server, by its origin or by the name they used, and of those whose links it relays. */
const allowsOrigin = ({ late, options }: Parts, from: string, request: IncomingMessage): boolean =>
  from === late.origin || sameHost(from, request.headers.host) || options.linkFor?.includes(from) === true;

function openGateway(parts: Parts, origin: string): Gateway {
  const { options, roles, log } = parts;
  return createGateway({
    directory: roles.directory.get().directory,
    operations: createOperations(parts),
    mailboxes: roles.mailbox.get(),
    primitives: nodePrimitives,
    clock: systemClock,
    random: systemRandom,
    origin,
    registration: POLICIES[options.registration],
    ...(options.linkNodes === undefined ? {} : { linkNodes: options.linkNodes }),
    serverVersion: PROGRAM_VERSION,
    ...(options.limits?.gateway === undefined ? {} : { limits: options.limits.gateway }),
    metrics: parts.outcomes.metrics,
    log,
  });
}

/** Nobody new comes in, everybody is told, uploads under way get a little time. */
async function closeConnections(app: FastifyInstance, gateway: Gateway): Promise<void> {
  const closed = app.close();
  await gateway.drain();
  const hurry = setTimeout(() => app.server.closeAllConnections(), UPLOAD_GRACE_MS);
  app.server.closeIdleConnections();
  await closed;
  clearTimeout(hurry);
}

function createOperations({ options, roles, ticketKey, blobLimits, log, metrics, outcomes }: Parts): RequestHandler {
  const answered = metrics.counter("hawser_requests_total", "Requests answered, by operation", "operation");
  const refused = metrics.counter("hawser_requests_refused_total", "Requests refused, by error", "error");
  const handler = new RequestHandler({
    roles: rolesForRequests(roles),
    limits: openRateTables(systemClock, options.limits?.requests),
    ...(options.limits?.links === undefined ? {} : { linkCapacity: options.limits.links }),
    clock: systemClock,
    random: systemRandom,
    primitives: nodePrimitives,
    ticketKey,
    blobQuotaBytes: blobLimits.quotaBytes,
    ticketLifetimeMs: TICKET_LIFETIME_MS,
    outcomes: (caller, reported) => outcomes.reported(caller, reported),
    onFault: (operation, error) => log.error("request-failed", error, { operation }),
    onAnswered(operation, failure) {
      answered.add(1, operation);
      if (failure !== undefined) refused.add(1, failure);
      outcomes.answered(operation, failure);
    },
  });
  metrics.gauge("hawser_links_waiting", "Links that wait for their turn", () => handler.linkLoad.waiting);
  metrics.gauge("hawser_links_under_way", "Links admitted and not ended", () => handler.linkLoad.underWay);
  return handler;
}

function housekeeping(roles: RoleSet, files: BlobFiles): Task[] {
  const whenUp = (role: RoleName, run: () => void | Promise<void>) => (): void | Promise<void> =>
    roles[role].state === "up" ? run() : undefined;
  return [
    { name: "activity", everyMs: 60_000, run: whenUp("directory", () => roles.directory.get().activity.flush()) },
    {
      name: "dormant-devices",
      everyMs: 3_600_000,
      run: () => emptyDormantDevices(roles),
    },
    {
      name: "rendezvous",
      everyMs: 30_000,
      run: whenUp("rendezvous", () => {
        roles.rendezvous.get().sweep(systemClock.nowMs());
      }),
    },
    {
      name: "blobs",
      everyMs: 60_000,
      run: whenUp("blobs", async () => {
        for (const id of roles.blobs.get().expire(systemClock.nowMs())) await files.remove(id);
        await files.sweepIncoming(systemClock.nowMs() - PART_LIFETIME_MS);
      }),
    },
  ];
}

function emptyDormantDevices({ directory, mailbox }: RoleSet): void {
  if (directory.state === "up" && mailbox.state === "up") emptyDormant(directory.get().dormancy, mailbox.get(), systemClock.nowMs());
}

/** Best effort for what only matters to comfort; mailboxes commit what they hold. */
function closeRoles(roles: RoleSet): void {
  for (const role of Object.values(roles)) role.putBack();
  if (roles.directory.state === "up") roles.directory.get().activity.flush();
  if (roles.mailbox.state === "up") roles.mailbox.get().close();
  for (const role of Object.values(roles)) role.close();
}

/** The default sender of one-time codes: whoever reads the log hands them out. The address is not written. */
const logCodes = (log: Log) => ({
  send: (_address: string, code: string): Promise<void> => {
    log.warn("one-time-code", { code });
    return Promise.resolve();
  },
});

function localUrl(options: ServerOptions, port: number): string {
  const host = options.host ?? "127.0.0.1";
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `${options.tls === undefined ? "http" : "https"}://${name}:${port}`;
}

function sameHost(origin: string, host: string | undefined): boolean {
  try {
    return host !== undefined && new URL(origin).host === host;
  } catch {
    return false;
  }
}
