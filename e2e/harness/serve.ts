/** The process behind `ServerProcess`. Ends with the test that started it, however that ends. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startServer } from "@hawser/server";

/** HAWSER_WEB_ROOT points at another build than the one in the tree. */
const webRoot = process.env["HAWSER_WEB_ROOT"] ?? fileURLToPath(new URL("../../apps/web/dist", import.meta.url));
const options = JSON.parse(process.env["SERVE_OPTIONS"] ?? "{}") as { dataDir: string; port: number; origin?: string };

if (!existsSync(webRoot)) throw new Error(`${webRoot} is missing: \`npm test\` builds it`);
const server = await startServer({ host: "127.0.0.1", webRoot, registration: "open", logLevel: "debug", ...options });
const stop = (): void => void server.stop().then(() => process.exit(0));
process.once("SIGTERM", stop);
process.stdin.once("end", () => process.exit(1)).resume();
console.log(`listening ${server.port}`);
