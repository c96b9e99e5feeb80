/**
 * SQLite's package is one script with every way of using SQLite in a browser, half of which this app never takes: a worker with messages of
 * its own, file systems that need special headers or lose data (docs/adr), virtual tables in JavaScript. They are cut out while building.
 * Nothing is guessed: what is not found as it was in the version that is locked ends the build.
 */
import type { Plugin } from "vite";

const SCRIPT = /\/@sqlite\.org\/sqlite-wasm\/dist\/index\.mjs$/;

/** Parts are functions that the loader runs in turn. */
const PART = /\n\t\tglobalThis\.sqlite3ApiBootstrap\.initializers\.push\(function\(sqlite3\) \{\n[^]*?\n\t\t\}\);/g;
/** A line that only the part in question has, and what that part is. */
const UNUSED_PARTS: ReadonlyMap<string, string> = new Map([
  ["sqlite3.initWorker1API = function", "worker with its own messages"],
  ["sqlite3.vtab = vtab;", "virtual tables in JavaScript"],
  ["if (sqlite3.config.disable?.vfs?.kvvfs) return;", "kvvfs"],
  ['sqlite3.config.disable.vfs["opfs-vfs"]) return;', "what opfs and opfs-wl share"],
  ["|| sqlite3.config.disable?.vfs?.opfs) return;", "opfs"],
  ['|| sqlite3.config.disable?.vfs?.["opfs-wl"]) return;', "opfs-wl"],
]);
/** Everything behind the loader itself: a page's side of that worker. */
const PROMISER = /\n\/\/#region src\/bin\/sqlite3-worker1-promiser\.mjs\n[^]*$/;
const LOADER = "sqlite3_bundler_friendly_default";

export function slimSqlite(): Plugin {
  return {
    name: "hawser-slim-sqlite",
    enforce: "pre",
    transform: {
      filter: { id: SCRIPT },
      handler: (code) => ({ code: slimmed(code), map: null }),
    },
  };
}

export function slimmed(code: string): string {
  const left = new Map(UNUSED_PARTS);
  const parts = code.replace(PART, (part) => {
    const mark = [...left.keys()].find((line) => part.includes(line));
    if (mark === undefined) return part;
    left.delete(mark);
    return "";
  });
  for (const part of left.values())
    throw new Error(`SQLite's script does not have the part "${part}" as it had: see ${import.meta.filename}`);
  if (!PROMISER.test(parts) || !code.includes(`var ${LOADER} =`))
    throw new Error(`SQLite's script ends otherwise than it did: see ${import.meta.filename}`);
  return `${parts.replace(PROMISER, "")}\nexport default ${LOADER};\n`;
}
