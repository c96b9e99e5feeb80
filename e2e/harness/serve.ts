/** The process behind `ServerProcess`. Ends with the test that started it, however that ends. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startServer } from "@hawser/server";

const webRoot = fileURLToPath(new URL("../../apps/web/dist", import.meta.url));
const options = JSON.parse(process.env["SERVE_OPTIONS"] ?? "{}") as { dataDir: string; port: number; origin?: string };

if (!existsSync(webRoot)) throw new Error("apps/web/dist is missing: run `node tools/build-web.mjs` first");
const server = await startServer({ host: "127.0.0.1", webRoot, registration: "open", logLevel: "info", ...options });
const stop = (): void => void server.stop().then(() => process.exit(0));
process.once("SIGTERM", stop);
process.stdin.once("end", () => process.exit(1)).resume();
console.log(`listening ${server.port}`);
