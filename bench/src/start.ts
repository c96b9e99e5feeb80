/**
 * `npm start` as a newcomer meets it: the committed tree cloned into an empty folder, an empty HOME, an empty package cache, and
 * the time until the server answers; then the second start. Downloads depend on the network of the machine that runs this.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { BenchmarkResult, Goal } from "./benchmark.ts";

export const goals: Goal[] = [
  { name: "first start", compare: "<=", value: 120, unit: "s" },
  { name: "packages", compare: "<=", value: 250, unit: "MB" },
  { name: "second start", compare: "<=", value: 3, unit: "s" },
];

const ROOT = resolve(import.meta.dirname, "../..");
const START_DEADLINE_MS = 600_000;
const STOP_DEADLINE_MS = 15_000;

export async function run(): Promise<BenchmarkResult> {
  const folder = mkdtempSync(join(tmpdir(), "hawser-start-"));
  try {
    execFileSync("git", ["clone", "--quiet", ROOT, join(folder, "clone")]);
    const first = await startOnce(folder);
    const packagesMb = sizeMb(join(folder, "clone", "node_modules"));
    const second = await startOnce(folder);
    const figures = { "first start": first, packages: packagesMb, "second start": second };
    const table = [
      `first start, nothing cached   ${first.toFixed(1)} s`,
      `packages on disk              ${packagesMb.toFixed(0)} MB`,
      `second start                  ${second.toFixed(2)} s`,
    ].join("\n");
    return { figures, table };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Seconds from `npm start` to the first answer of `/healthz`. */
async function startOnce(folder: string): Promise<number> {
  const port = await freePort();
  const began = performance.now();
  const child = spawn("npm", ["start", "--", "--port", String(port), "--data", join(folder, "data")], {
    cwd: join(folder, "clone"),
    env: { ...cleanEnvironment(), HOME: join(folder, "home"), npm_config_cache: join(folder, "npm-cache") },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  child.stdout.on("data", (text) => (output += String(text)));
  child.stderr.on("data", (text) => (output += String(text)));
  try {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}:\n${output.slice(-2_000)}`);
      if (performance.now() - began > START_DEADLINE_MS) throw new Error(`npm start did not serve in time:\n${output.slice(-2_000)}`);
      if (await answers(`http://127.0.0.1:${port}/healthz`)) return (performance.now() - began) / 1_000;
      await new Promise((done) => setTimeout(done, 20));
    }
  } finally {
    await stop(child);
  }
}

/** Everything but what npm told this process about the tree it was started in. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("npm_") && name !== "NODE_PATH");
  const environment = Object.fromEntries(kept);
  const path = (environment["PATH"] ?? "").split(":").filter((part) => !part.includes("node_modules"));
  return { ...environment, PATH: path.join(":") };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  process.kill(-child.pid, "SIGTERM");
  const kill = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), STOP_DEADLINE_MS);
  await ended;
  clearTimeout(kill);
}

function sizeMb(folder: string): number {
  return Number(execFileSync("du", ["-sm", "--apparent-size", folder], { encoding: "utf8" }).split("\t")[0]);
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
