/** The checks that need no running program: types, lint, format, unused code. Each gives `{name, ok, ms, output}`. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { environment, findNode24, ROOT } from "./node-24.mjs";

const PARALLEL_COMPILERS = 2;

export const STEPS = [
  { name: "types", run: checkTypes },
  { name: "lint", run: () => tool("oxlint", ["--type-aware", "--deny-warnings", "--quiet", "."]) },
  { name: "format", run: () => tool("oxfmt", ["--check", "."]) },
  { name: "unused code", run: () => tool("knip", ["--no-progress"]), skip: unusedCodeIsTolerated },
];

/** Runs all steps one after the other and reports each as soon as it is done. */
export async function runSteps(report) {
  const results = [];
  for (const step of STEPS) {
    const reason = step.skip?.();
    const startedMs = performance.now();
    const { ok, output } = reason === undefined ? await step.run() : { ok: true, output: "" };
    const result = { name: step.name, ok, output, ms: performance.now() - startedMs, skipped: reason };
    results.push(result);
    report(result);
  }
  return results;
}

export function formatStep({ name, ok, ms, output, skipped }) {
  if (skipped !== undefined) return `skipped ${name}: ${skipped}`;
  return `${ok ? "ok     " : "FAILED "} ${name} (${(ms / 1000).toFixed(1)} s)${ok ? "" : `\n${output.trimEnd()}`}`;
}

/** While packages are being written, code without a user is no fault. Delete the entry in package.json to switch this on. */
function unusedCodeIsTolerated() {
  const { hawser } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  return hawser?.underConstruction === true ? 'package.json says "underConstruction"' : undefined;
}

/** Each package compiles alone, with only the globals it may use; tests and tools compile together. */
async function checkTypes() {
  const workspaces = ["packages", "apps"].flatMap((parent) => readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}`));
  const folders = [...workspaces, "bench", "sim", "drills"].filter((folder) => existsSync(join(ROOT, folder, "src")));
  const queue = [...folders, "."];
  const outputs = [];
  let ok = true;
  await Promise.all(
    Array.from({ length: PARALLEL_COMPILERS }, async () => {
      for (let folder = queue.shift(); folder !== undefined; folder = queue.shift()) {
        const result = await tool("tsc", ["-p", folder]);
        ok &&= result.ok;
        outputs.push(result.output);
      }
    }),
  );
  // A source is compiled with each package that imports it; one line for each fault is enough.
  const lines = new Set(outputs.flatMap((output) => output.split("\n")));
  return { ok, output: [...lines].join("\n") };
}

function tool(name, parameters) {
  const node = findNode24();
  const child = spawn(join(ROOT, "node_modules", ".bin", name), parameters, {
    cwd: ROOT,
    env: environment(node),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ ok: false, output: error.message }));
    child.once("close", (code) => resolve({ ok: code === 0, output }));
  });
}
