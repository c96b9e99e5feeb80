/** A process of its own that sends numbered messages as fast as it can, until it is killed. Arguments: profile, server, conversation, first number. */
import { flushCompileCache } from "node:module";
import { parseArgs } from "node:util";
import { type ConversationId, openNodeClient } from "../src/node/index.ts";

// A process that is killed writes no cache at its end.
flushCompileCache();
const { positionals } = parseArgs({ allowPositionals: true });
const [profileDir, serverUrl, conversation, first] = positionals as [string, string, ConversationId, string];
const client = openNodeClient({ profileDir, serverUrl });
for (let number = Number(first); ; number++) {
  await client.sendMessage({ conversation, text: String(number) });
  // Printed only now: the call has returned, so the message must survive the kill.
  process.stdout.write(`${number}\n`);
  await new Promise((resolve) => setImmediate(resolve));
}
