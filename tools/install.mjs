/**
 * Makes node_modules fit package-lock.json, and calls npm only when it does not. What is installed is read from npm's own
 * record (node_modules/.package-lock.json), which npm writes last: an interrupted install has none and is simply done again.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { exclusively } from "./exclusive.mjs";
import { ROOT } from "./node-24.mjs";

const PROGRESS_INTERVAL_MS = 10_000;

/** Installs what is missing in `folder`. `dev: false` leaves out the packages that only tests and developers need. */
export async function ensureInstalled({ dev, folder = ROOT, say = console.log }) {
  if (fits(folder, dev)) return;
  await exclusively(
    async () => {
      if (fits(folder, dev)) return;
      const startedMs = Date.now();
      say(`Installing packages from package-lock.json${dev ? ", with those for tests" : ""} (only after a clone or an update) …`);
      rmSync(join(folder, "node_modules", ".package-lock.json"), { force: true });
      await npm(
        folder,
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", dev ? "--include=dev" : "--omit=dev"],
        say,
      );
      dropHeaders(folder);
      say(`Packages installed in ${seconds(startedMs)} s.`);
    },
    () => say("Another command is installing packages here; waiting for it …"),
  );
}

/** Whether every package of the lock file is present in its version. Costs some milliseconds. */
export function fits(folder, dev) {
  let installed;
  try {
    installed = JSON.parse(readFileSync(join(folder, "node_modules", ".package-lock.json"), "utf8")).packages;
  } catch {
    return false;
  }
  const wanted = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes("node_modules/") || (entry.dev && !dev) || entry.devOptional || entry.peer) return true;
    const there = installed[path];
    if (there === undefined) return entry.optional === true && !isForThisMachine(path);
    return entry.link === true || (there.version === entry.version && existsSync(join(folder, path, "package.json")));
  });
}

/** Of the optional packages only our own Node is certain to be wanted; npm decides about the others. */
function isForThisMachine(path) {
  return path === `node_modules/node-${process.platform}-${process.arch}`;
}

/** The Node packages carry 68 MB of C headers for compiling native modules. Nothing here compiles any. */
function dropHeaders(folder) {
  for (const arch of ["x64", "arm64"]) {
    rmSync(join(folder, "node_modules", `node-linux-${arch}`, "include"), { recursive: true, force: true });
    rmSync(join(folder, "node_modules", `node-linux-${arch}`, "share"), { recursive: true, force: true });
  }
}

function npm(folder, parameters, say) {
  const startedMs = Date.now();
  const script = process.env.npm_execpath;
  const own = script !== undefined && /npm-cli\.[cm]?js$/.test(script);
  const child = own
    ? spawn(process.execPath, [script, ...parameters], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] })
    : spawn("npm", parameters, { cwd: folder, stdio: ["ignore", "ignore", "inherit"], shell: process.platform === "win32" });
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
