/**
 * `npm test`: everything, from a clone. Installs and builds what is missing, runs the checks, the unit tests, the browser
 * tests and the comparison with the official library, and ends with one line: `N passed, N failed, N skipped`.
 * `npm test -- --only units,browser` runs some of the suites.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureWebBuilt } from "./build-web.mjs";
import { ensureInstalled } from "./install.mjs";
import { environment, findNode24, ROOT } from "./node-24.mjs";

const total = { passed: 0, failed: [], skipped: [] };
const temporary = mkdtempSync(join(tmpdir(), "hawser-test-"));
let node;

/** In this order; each takes care of its own counting and never throws for a failed test. */
const SUITES = { checks, units, browser, interop };

async function checks() {
  const { formatStep, runSteps } = await import("./verify-steps.mjs");
  for (const result of await runSteps((step) => console.log(formatStep(step)))) {
    const name = `checks > ${result.name}`;
    if (result.skipped !== undefined) total.skipped.push({ name, reason: result.skipped });
    else if (result.ok) total.passed++;
    else total.failed.push(name);
  }
}

function units() {
  return vitest("units", ["--config", "vitest.config.ts"]);
}

async function browser() {
  if (!existsSync(join(ROOT, "e2e"))) return;
  const chromium = process.env.HAWSER_CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(chromium)) {
    const reason = `no browser at ${chromium}; install Debian's package "chromium" or set HAWSER_CHROMIUM to a Chromium binary`;
    total.skipped.push({ name: "browser suite (e2e/)", reason });
    return;
  }
  const parameters = ["--config", "vitest.e2e.config.ts"];
  const [alone, beside] = browserFiles();
  await vitest("browser", [...parameters, ...alone], { HAWSER_CHROMIUM: chromium });
  await vitest("browser, two at a time", [...parameters, "--fileParallelism", "--maxWorkers=2", ...beside], { HAWSER_CHROMIUM: chromium });
}

/** Stories of other engines and of drills, which measure seconds, have the machine for themselves; what needs Chromium alone waits more than it works. */
function browserFiles() {
  const folder = join(ROOT, "e2e");
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".e2e.ts"));
  const isAlone = (name) => /engines|drill/.test(name) || /harness\/engines|drill/.test(readFileSync(join(folder, name), "utf8"));
  return [files.filter(isAlone), files.filter((name) => !isAlone(name))].map((names) => names.map((name) => join("e2e", name)));
}

/** Its own lock file and packages, so that `npm start` never downloads the official library. It closes with a line of counts like ours. */
async function interop() {
  const folder = join(ROOT, "interop");
  if (!existsSync(join(folder, "run.mjs"))) return;
  await ensureInstalled({ dev: true, folder });
  let output = "";
  const code = await run([join(folder, "run.mjs")], {}, (text) => (output += text));
  const counts = [...output.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm)].at(-1)?.slice(1).map(Number) ?? [0, 0, 0];
  const named = (count, what) => Array.from({ length: count }, (_, index) => `interop > ${what} ${index + 1}, named above`);
  const [passed, failed, skipped] = counts;
  const reason = "the official library is not there; run npm ci in interop/";
  count("interop", code, { passed, failed: named(failed, "failure"), skipped: named(skipped, "test").map((name) => ({ name, reason })) });
}

async function vitest(name, parameters, extra = {}) {
  const file = join(temporary, `${name}.json`);
  const script = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=./tools/tally-reporter.mjs"];
  const code = await run([script, "run", ...parameters, ...reporters, "--passWithNoTests"], { ...extra, HAWSER_TALLY: file });
  collect(name, file, code);
}

/** Reads what the reporter wrote; a suite that died before writing has counted nothing. */
function collect(name, file, code) {
  count(name, code, existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { passed: 0, failed: [], skipped: [] });
}

/** Adds a suite's counts; one that failed without naming a test is one failure. */
function count(name, code, tally) {
  if (code !== 0 && tally.failed.length === 0) tally.failed.push(`${name} ended with exit code ${code}`);
  total.passed += tally.passed;
  total.failed.push(...tally.failed);
  total.skipped.push(...tally.skipped);
}

/** Runs a script under Node 24 and gives its exit code; `listen` sees what it prints, as the terminal does. */
function run(parameters, extra, listen) {
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", ...parameters], {
    cwd: ROOT,
    env: { ...environment(node), ...extra },
    stdio: ["ignore", listen === undefined ? "inherit" : "pipe", "inherit"],
  });
  child.stdout?.setEncoding("utf8").on("data", (text) => {
    process.stdout.write(text);
    listen(text);
  });
  return new Promise((resolve) => {
    child.once("error", () => resolve(1));
    child.once("close", (code) => resolve(code ?? 1));
  });
}

function chosenSuites() {
  const at = process.argv.indexOf("--only");
  const names = at < 0 ? Object.keys(SUITES) : (process.argv[at + 1] ?? "").split(",");
  const unknown = names.filter((name) => !(name in SUITES));
  if (unknown.length > 0) throw new Error(`no suite ${unknown.join(", ")}; there are ${Object.keys(SUITES).join(", ")}`);
  return names;
}

async function main() {
  const names = chosenSuites();
  await ensureInstalled({ dev: true });
  node = findNode24();
  try {
    await ensureWebBuilt(node);
  } catch (error) {
    console.error(error.message);
    total.failed.push("web app build");
  }
  for (const name of names) {
    const startedMs = performance.now();
    console.log(`\n== ${name}`);
    try {
      await SUITES[name]();
    } catch (error) {
      console.error(error.message);
      total.failed.push(name);
    }
    console.log(`== ${name} took ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
  }
}

try {
  await main();
} catch (error) {
  console.error(error.message);
  total.failed.push("set-up");
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
console.log("");
for (const { name, reason } of total.skipped) console.log(`skipped: ${name}: ${reason}`);
for (const name of total.failed) console.log(`failed: ${name}`);
console.log(`${total.passed} passed, ${total.failed.length} failed, ${total.skipped.length} skipped`);
process.exitCode = total.failed.length > 0 ? 1 : 0;
