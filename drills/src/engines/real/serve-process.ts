/** The real server in a process of its own. Roles go out and come back, and backups are made, by a word on its input; it ends with whoever started it. */
import { createInterface } from "node:readline";
import type { ServerOptions } from "@hawser/server";
import { releaseNamed, TODAY } from "./frozen-releases.ts";
import type { RoleName } from "../../stage.ts";

const options = JSON.parse(process.env["DRILL_SERVER"] ?? "{}") as ServerOptions;
const { startServer } = (await releaseNamed(process.env["DRILL_RELEASE"] ?? TODAY)).server;
const server = await startServer({ host: "127.0.0.1", logLevel: "error", ...options, registration: "open" });
process.once("SIGTERM", () => void server.stop().then(() => process.exit(0)));
const words = createInterface({ input: process.stdin });
words.on("line", (line) => void obey(...(line.split(" ") as [string, string])));
words.once("close", () => process.exit(1));
process.stdout.write(`listening ${server.port}\n`);

async function obey(word: string, what: string): Promise<void> {
  if (word === "out") server.takeOut(what as RoleName);
  if (word === "back") server.putBack(what as RoleName);
  if (word === "backup") await server.backup(what);
  process.stdout.write(`done ${word}\n`);
}
