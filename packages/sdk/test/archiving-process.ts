/** A process of its own that writes an archive until it is killed, and says a line at each of its steps, "done" when nothing waits. Arguments: profile, server. */
import { flushCompileCache } from "node:module";
import { parseArgs } from "node:util";
import { openNodeClient } from "../src/node/index.ts";

// A process that is killed writes no cache at its end.
flushCompileCache();
const { positionals } = parseArgs({ allowPositionals: true });
const [profileDir, serverUrl] = positionals as [string, string];
const client = openNodeClient({ profileDir, serverUrl });
client.subscribe((event) => {
  if (event.type !== "state" || event.state.connection.kind !== "online") return;
  void client.archive().then(({ waiting }) => process.stdout.write(waiting > 0 ? "step\n" : "done\n"));
});
