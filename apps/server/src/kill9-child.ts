/** A real server in a process of its own, for tests that kill it. Prints its port. Ends with the process that started it. */
import { startServer } from "./index.ts";

const server = await startServer({
  dataDir: process.argv[2]!,
  origin: "https://chat.example",
  registration: "open",
  logLevel: "error",
  limits: { gateway: { sendBurstPerConnection: 1e9, sendBurstPerAccount: 1e9 } },
});
process.send?.({ port: server.port });
process.on("disconnect", () => process.exit(0));
