/** A process of its own that receives until it is killed, and says how many messages it has seen come. Arguments: profile, server. */
import { flushCompileCache } from "node:module";
import { parseArgs } from "node:util";
import { openNodeClient } from "../src/node/index.ts";

// A process that is killed writes no cache at its end.
flushCompileCache();
const { positionals } = parseArgs({ allowPositionals: true });
const [profileDir, serverUrl] = positionals as [string, string];
const client = openNodeClient({ profileDir, serverUrl });
let seen = 0;
client.subscribe((event) => {
  if (event.type === "message" && event.isNew && !event.message.outgoing) process.stdout.write(`${++seen}\n`);
});
