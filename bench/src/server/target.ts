/**
 * The server under load, as a process of its own: `node target.ts '{"folder": …}'`. Prints one line of JSON when it
 * listens. It is the product's gateway, mailboxes and directory; only the accounts are made up.
 */
import { createServer } from "node:http";
import { join } from "node:path";
import { type AccountId, OperationalError } from "@hawser/base";
import { nodePrimitives, openSqliteDatabase, systemClock, systemRandom } from "@hawser/io-node";
import { type Operations, openMailboxes, SqlDirectory } from "@hawser/relay";
import { createGateway, type GatewayLimits, type Metrics } from "@hawser/server/gateway/index";
import { MAX_FRAME_BYTES, PongSchema, RegistrationPolicy, ResponseSchema } from "@hawser/wire";
import { create } from "@bufbuild/protobuf";
import { WebSocketServer } from "ws";
import { firstList, type Population } from "./population.ts";

export interface TargetOptions extends Population {
  readonly folder: string;
  readonly limits: Partial<GatewayLimits>;
}

const options = JSON.parse(process.argv[2] ?? "{}") as TargetOptions;

const directoryDatabase = openSqliteDatabase(join(options.folder, "directory.db"));
const directory = new SqlDirectory({ database: directoryDatabase, primitives: nodePrimitives, maxCachedAccounts: 2 * options.accounts });
directoryDatabase.transaction(() => {
  for (let account = 0; account < options.accounts; account++) {
    const list = firstList(nodePrimitives, account, options.devicesPerAccount);
    if (directory.find(list.account as AccountId) === undefined) directory.insertFirst(list, `bench${account}`, 0);
  }
});

const mailboxes = openMailboxes({
  database: openSqliteDatabase(join(options.folder, "mailbox.db"), { pageSizeBytes: 8_192, checkpointPages: 4_000 }),
  clock: systemClock,
  random: systemRandom,
  schedule: (callback) => setImmediate(callback),
  onUpkeepFailure: (cause) => console.error(cause),
});

/** The benchmark asks for nothing but pings. */
const operations: Operations = {
  handle: (_caller, request) => {
    if (request.operation.case !== "ping") throw new OperationalError("UNKNOWN_OPERATION");
    return create(ResponseSchema, {
      id: request.id,
      result: { case: "ping", value: create(PongSchema, { payload: request.operation.value.payload }) },
    });
  },
  connected: () => undefined,
  disconnected: () => undefined,
  preKeysLeft: () => ({ oneTime: 100, kem: 20 }),
};

const silent: Metrics = {
  counter: () => ({ add: () => undefined }),
  gauge: () => undefined,
  histogram: () => ({ observe: () => undefined }),
};

const gateway = createGateway({
  directory,
  operations,
  mailboxes,
  primitives: nodePrimitives,
  clock: systemClock,
  random: systemRandom,
  origin: "https://bench.example",
  registration: RegistrationPolicy.OPEN,
  serverVersion: "bench",
  limits: options.limits,
  metrics: silent,
  log: { info: () => undefined, warn: (event) => console.error(event), error: (event, cause) => console.error(event, cause) },
});

const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_FRAME_BYTES });
const server = createServer();
server.on("upgrade", (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (webSocket) => gateway.accept(webSocket, "127.0.0.1"));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(JSON.stringify({ port: typeof address === "object" ? address?.port : 0 }));
});

process.on("message", (message) => {
  if (message !== "memory") return;
  globalThis.gc?.();
  process.send?.({ rssBytes: process.memoryUsage.rss(), ...mailboxes.statistics, connections: gateway.connections() });
});
process.on("SIGTERM", () => process.exit(0));
