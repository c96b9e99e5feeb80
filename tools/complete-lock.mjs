/**
 * Completes package-lock.json. A registry that lacks the builds of some tool for other platforms makes `npm install` leave
 * those optional packages out of the lock file, and `npm ci` then refuses the whole file as out of step. This adds the
 * missing entries (version, platform, no checksum, because nothing was downloaded); npm keeps them from then on.
 * Run after `npm install`; `tools/tidy.test.ts` says when it is needed.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const CPUS = ["arm64", "x64", "ia32", "ppc64", "riscv64", "s390x", "loong64", "arm"];
const SYSTEMS = ["android", "darwin", "freebsd", "linux", "openbsd", "openharmony", "win32"];

/** Optional dependencies named by locked packages that have no entry of their own: `[name, version]`. */
export function missingOptional(lock) {
  const missing = new Map();
  for (const entry of Object.values(lock.packages))
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {}))
      if (!Object.keys(lock.packages).some((path) => path.endsWith(`node_modules/${name}`))) missing.set(name, version);
  return [...missing];
}

/** The platform a prebuilt package is for, read from its name as all these tools spell it. */
function platformOf(name) {
  const os = SYSTEMS.find((system) => name.includes(system));
  const cpu = CPUS.find((candidate) => name.includes(candidate));
  if (os === undefined || cpu === undefined) throw new Error(`${name}: no platform in its name; add it to the lock file by hand`);
  const libc = os !== "linux" ? undefined : name.includes("musl") ? "musl" : /gnu|gnueabihf/.test(name) ? "glibc" : undefined;
  return { cpu: [cpu], os: [os], ...(libc === undefined ? {} : { libc: [libc] }) };
}

function main() {
  const path = new URL("../package-lock.json", import.meta.url);
  const lock = JSON.parse(readFileSync(path, "utf8"));
  const missing = missingOptional(lock);
  for (const [name, version] of missing) {
    if (!/^\d/.test(version)) throw new Error(`${name}@${version} is not an exact version`);
    lock.packages[`node_modules/${name}`] = { version, optional: true, ...platformOf(name) };
  }
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en"));
  lock.packages = Object.fromEntries(sorted);
  if (missing.length > 0) writeFileSync(path, `${JSON.stringify(lock, undefined, 2)}\n`);
  console.log(`package-lock.json: ${missing.length} entries for other platforms added`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main();
