/**
 * The server under load, as a process of its own: `node target.ts '{"dataDir": …}'`. Prints one line of JSON when it
 * listens. It is the product as `startServer` starts it, with every role; only the accounts are put there beforehand.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { nodePrimitives, openSqliteDatabase } from "@hawser/io-node";
import { SqlDirectory } from "@hawser/relay";
import { startServer } from "@hawser/server";
import { firstList, type Population } from "./population.ts";

export interface TargetOptions extends Population {
  readonly dataDir: string;
}

/** Load is what rate limits are there to stop. */
const UNLIMITED = 1e9;
const MAX_CONNECTIONS = 50_000;

const options = JSON.parse(process.argv[2] ?? "{}") as TargetOptions;

mkdirSync(options.dataDir, { recursive: true });
const database = openSqliteDatabase(join(options.dataDir, "directory.db"));
const directory = new SqlDirectory({ database, primitives: nodePrimitives });
database.transaction(() => {
  for (let account = 0; account < options.accounts; account++) {
    directory.insertFirst(firstList(nodePrimitives, account, options.devicesPerAccount), `bench${account}`, 0);
  }
});
database.close();

const server = await startServer({
  dataDir: options.dataDir,
  registration: "open",
  logLevel: "warn",
  limits: {
    gateway: {
      maxUnidentified: MAX_CONNECTIONS,
      maxConnectionsPerAddress: MAX_CONNECTIONS,
      sendBurstPerConnection: UNLIMITED,
      sendsPerSecondPerConnection: UNLIMITED,
      sendBurstPerAccount: UNLIMITED,
      sendsPerSecondPerAccount: UNLIMITED,
    },
  },
});
console.log(JSON.stringify({ port: server.port }));

process.on("message", (message) => {
  if (message !== "memory") return;
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  process.send?.({ rssBytes: process.memoryUsage.rss(), connections: server.connections(), cpuMicros: user + system });
});
process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => process.exit(0));
