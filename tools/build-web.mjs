/** Builds apps/web into apps/web/dist when its inputs changed since the last finished build. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exclusively } from "./exclusive.mjs";
import { environment, ROOT } from "./node-24.mjs";

const STAMP = join(ROOT, ".cache", "web-inputs");
const OUTPUT = join(ROOT, "apps", "web", "dist", "index.html");
const NOT_INPUT = /^(node_modules|dist|\..*)$|\.test\.tsx?$|\.md$/;

export async function ensureWebBuilt(node, say = console.log) {
  const inputs = hashInputs();
  if (isCurrent(inputs)) return;
  await exclusively(
    async (holds) => {
      if (isCurrent(inputs)) return;
      const startedMs = Date.now();
      say("Building the web app (only after its sources changed) …");
      rmSync(STAMP, { force: true });
      await vite(node, holds);
      mkdirSync(join(ROOT, ".cache"), { recursive: true });
      writeFileSync(STAMP, inputs);
      say(`Web app built in ${((Date.now() - startedMs) / 1000).toFixed(1)} s.`);
    },
    () => say("Another command is building the web app; waiting for it …"),
  );
}

function isCurrent(inputs) {
  return existsSync(OUTPUT) && existsSync(STAMP) && readFileSync(STAMP, "utf8") === inputs;
}

/** A digest over everything the build can read: the app, the packages' sources, the installed versions. */
function hashInputs() {
  const digest = createHash("sha256");
  const add = (path) => digest.update(`${path}\0`).update(readFileSync(join(ROOT, path)));
  const walk = (folder) => {
    for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (NOT_INPUT.test(entry.name)) continue;
      if (entry.isDirectory()) walk(`${folder}/${entry.name}`);
      else if (entry.isFile()) add(`${folder}/${entry.name}`);
    }
  };
  add("package-lock.json");
  walk("packages");
  walk("apps/web");
  return digest.digest("hex");
}

/** Runs Vite and shows what it printed only when it failed. */
function vite(node, holds) {
  const script = join(ROOT, "node_modules", "vite", "bin", "vite.js");
  const child = spawn(node, [script, "build", "apps/web", "--logLevel", "warn"], {
    cwd: ROOT,
    env: environment(node),
    stdio: ["ignore", "pipe", "pipe"],
  });
  holds(child);
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`the web app did not build:\n${output}`))));
  });
}
