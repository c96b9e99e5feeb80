/**
 * Makes node_modules fit package-lock.json, and calls npm only when it does not. What is installed is read from npm's own
 * record (node_modules/.package-lock.json), which npm writes last: an interrupted install has none and is simply done again.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exclusively } from "./exclusive.mjs";
import { ROOT } from "./node-24.mjs";

/** Written by npm as its last act. */
const INSTALLED = join("node_modules", ".package-lock.json");
/** Written by this tool: from which lock file, and whether with the packages for tests. */
const STAMP = join("node_modules", ".hawser-install.json");
/** No package here needs its install script. */
const QUIETLY = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
const PROGRESS_INTERVAL_MS = 10_000;

/** Installs what is missing in `folder`. `dev: false` leaves out the packages that only tests and developers need. */
export async function ensureInstalled({ dev, folder = ROOT, say = console.log }) {
  if (fits(folder, dev)) return;
  await exclusively(
    async (holds) => {
      if (fits(folder, dev)) return;
      const startedMs = Date.now();
      const lock = lockDigest(folder);
      say(`Installing packages from package-lock.json${dev ? ", with those for tests" : ""} (only after a clone or an update) …`);
      rmSync(join(folder, INSTALLED), { force: true });
      await npm(folder, ["ci", ...QUIETLY, dev ? "--include=dev" : "--omit=dev"], say, holds);
      dropHeaders(folder);
      if (existsSync(join(folder, "node_modules"))) writeFileSync(join(folder, STAMP), JSON.stringify({ lock, dev }));
      say(`Packages installed in ${seconds(startedMs)} s.`);
    },
    () => say("Another command is installing packages here; waiting for it …"),
  );
}

/**
 * Whether node_modules is whole and fits the lock file: either this tool installed it from the same file, or every package of the
 * file is there in its version (somebody used npm by hand). Costs some milliseconds.
 */
export function fits(folder, dev) {
  let installed;
  try {
    installed = JSON.parse(readFileSync(join(folder, INSTALLED), "utf8")).packages;
  } catch {
    return false;
  }
  if (!Object.keys(installed).every((path) => existsSync(join(folder, path)))) return false;
  const stamp = readStamp(folder);
  if (stamp.lock === lockDigest(folder) && (stamp.dev || !dev)) return true;
  const wanted = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes("node_modules/") || (entry.dev && !dev) || entry.devOptional || entry.peer) return true;
    const there = installed[path];
    if (there === undefined) return entry.optional === true && path !== `node_modules/node-${process.platform}-${process.arch}`;
    return entry.link === true || there.version === entry.version;
  });
}

function readStamp(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, STAMP), "utf8"));
  } catch {
    return {};
  }
}

const lockDigest = (folder) =>
  createHash("sha256")
    .update(readFileSync(join(folder, "package-lock.json")))
    .digest("hex");

/** The Node packages carry 68 MB of C headers for compiling native modules. Nothing here compiles any. */
function dropHeaders(folder) {
  for (const arch of ["x64", "arm64"]) {
    rmSync(join(folder, "node_modules", `node-linux-${arch}`, "include"), { recursive: true, force: true });
    rmSync(join(folder, "node_modules", `node-linux-${arch}`, "share"), { recursive: true, force: true });
  }
}

function npm(folder, parameters, say, holds) {
  const startedMs = Date.now();
  const script = process.env.npm_execpath;
  const own = script !== undefined && /npm-cli\.[cm]?js$/.test(script);
  const child = own
    ? spawn(process.execPath, [script, ...parameters], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] })
    : spawn("npm", parameters, { cwd: folder, stdio: ["ignore", "ignore", "inherit"], shell: process.platform === "win32" });
  holds(child);
  const progress = setInterval(() => say(`  … ${seconds(startedMs)} s`), PROGRESS_INTERVAL_MS);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(
            `npm could not install the packages in ${folder} (exit code ${code}); its message is above. The same command tries again.`,
          ),
        );
    });
  }).finally(() => clearInterval(progress));
}

const seconds = (startedMs) => ((Date.now() - startedMs) / 1000).toFixed(0);
