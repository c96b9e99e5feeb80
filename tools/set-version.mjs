/** `node tools/set-version.mjs 0.5.0`: the release that this tree becomes, in the one source and in every package.json and lock file. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./node-24.mjs";

const SOURCE = "packages/base/src/version.ts";

function setIn(manifest, version) {
  if (manifest.version !== undefined) manifest.version = version;
  for (const name of Object.keys(manifest.dependencies ?? {})) if (name.startsWith("@hawser/")) manifest.dependencies[name] = version;
}

function edit(path, change) {
  const file = join(ROOT, path);
  const before = readFileSync(file, "utf8");
  const after = change(before);
  if (after !== before) writeFileSync(file, after);
}

const editJson = (path, change) =>
  edit(path, (text) => {
    const value = JSON.parse(text);
    change(value);
    return `${JSON.stringify(value, undefined, 2)}\n`;
  });

const [version] = process.argv.slice(2);
if (version === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
  console.error("usage: node tools/set-version.mjs VERSION, like 0.5.0");
  process.exitCode = 2;
} else {
  const tracked = execFileSync("git", ["-C", ROOT, "ls-files"], { encoding: "utf8" }).split("\n");
  for (const path of tracked.filter((name) => /(^|\/)package\.json$/.test(name))) editJson(path, (manifest) => setIn(manifest, version));
  for (const path of tracked.filter((name) => /(^|\/)package-lock\.json$/.test(name)))
    editJson(path, (lock) => {
      setIn(lock, version);
      for (const [folder, entry] of Object.entries(lock.packages)) if (!folder.includes("node_modules/")) setIn(entry, version);
    });
  edit(SOURCE, (text) => text.replace(/"\d+\.\d+\.\d+"/, `"${version}"`));
  console.log(`the tree becomes ${version}`);
}
