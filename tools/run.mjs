/** `node tools/run.mjs FILE.ts [parameters]`: runs a TypeScript file of this repository under Node 24, installing first if needed. */
import { resolve } from "node:path";
import { handOver } from "./hand-over.mjs";
import { ensureInstalled } from "./install.mjs";
import { findNode24 } from "./node-24.mjs";

const [file, ...parameters] = process.argv.slice(2);
try {
  if (file === undefined) throw new Error("usage: node tools/run.mjs FILE.ts [parameters]");
  await ensureInstalled({ dev: false, say: console.error });
  handOver(findNode24(), [resolve(file), ...parameters]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
