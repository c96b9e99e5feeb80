/** The process behind `ServerProcess`. Ends with the test that started it, however that ends. */
import { type RoleName, type ServerOptions, startServer } from "@hawser/server";

interface Given extends ServerOptions {
  readonly outOfService?: readonly RoleName[];
}

const { outOfService = [], ...options } = JSON.parse(process.env["SERVE_OPTIONS"] ?? "{}") as Given;
const server = await startServer({ host: "127.0.0.1", logLevel: "debug", ...options, registration: "open" });
for (const role of outOfService) server.takeOut(role);
const stop = (): void => void server.stop().then(() => process.exit(0));
process.once("SIGTERM", stop);
process.stdin.once("end", () => process.exit(1)).resume();
console.log(`listening ${server.port}`);
