/** The process behind `ServerProcess`. Ends with the test that started it, however that ends. */
import { type ServerOptions, startServer } from "@hawser/server";

const options = JSON.parse(process.env["SERVE_OPTIONS"] ?? "{}") as ServerOptions;
const server = await startServer({ host: "127.0.0.1", logLevel: "debug", ...options, registration: "open" });
const stop = (): void => void server.stop().then(() => process.exit(0));
process.once("SIGTERM", stop);
process.stdin.once("end", () => process.exit(1)).resume();
console.log(`listening ${server.port}`);
