/**
 * `npm start`: from a clone to a running server. Installs and builds what is missing, then runs `hawser serve` with the
 * parameters given after `--` (`npm start -- --demo --port 8443`). Plain JavaScript for Node 20, without dependencies.
 */
import { join } from "node:path";
import { ensureWebBuilt } from "./build-web.mjs";
import { handOver } from "./hand-over.mjs";
import { ensureInstalled } from "./install.mjs";
import { findNode24, ROOT } from "./node-24.mjs";

try {
  await ensureInstalled({ dev: false });
  const node = findNode24();
  await ensureWebBuilt(node);
  handOver(node, [join(ROOT, "apps", "cli", "src", "main.ts"), "serve", ...process.argv.slice(2)]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
