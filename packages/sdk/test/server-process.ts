/** A server of its own, to be killed. Arguments: data folder, port. */
import { flushCompileCache } from "node:module";
import { parseArgs } from "node:util";
import { startServer } from "@hawser/server";

// A process that is killed writes no cache at its end.
flushCompileCache();
const { positionals } = parseArgs({ allowPositionals: true });
const [dataDir, port] = positionals as [string, string];
const server = await startServer({ dataDir, port: Number(port), registration: "open", logLevel: "silent" });
process.stdout.write(`${server.port}\n`);
