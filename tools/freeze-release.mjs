/**
 * `node tools/freeze-release.mjs NAME [COMMIT]`: makes `releases/NAME/` of a commit (default: the newest one), so that later versions are
 * tested against it (`releases/matrix.test.ts`). Two self-contained bundles, the server and the SDK for Node, and a manifest with the
 * hash of the wire that the tree recorded. NAME is the version that the commit's programs say they are. Uses this tree's `node_modules`: a release's own dependencies are frozen in its bundles.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { ensureInstalled } from "./install.mjs";
import { ROOT } from "./node-24.mjs";

/** What is frozen: `startServer`; and `openNodeClient` with the parts it is made of, so that a test can put its own transport between. */
const BUNDLES = {
  server: 'export { startServer } from "@hawser/server";',
  client: [
    'export { openNodeClient } from "@hawser/sdk/node";',
    'export { createClient, recoveryKdf } from "@hawser/client";',
    'export { nodeHttp, nodePrimitives, openSqliteDatabase, systemClock, systemRandom, webSocketTransport } from "@hawser/io-node";',
  ].join("\n"),
};
const MAX_BUNDLE_BYTES = 1_500_000;

/** `@hawser/wire/limits` → the file in `tree`, by each package's own `exports`; so that no package of this tree gets in. */
function packagesOf(tree) {
  const packages = new Map();
  for (const parent of ["packages", "apps"]) {
    for (const name of readdirSync(join(tree, parent))) {
      const manifest = join(tree, parent, name, "package.json");
      if (!existsSync(manifest)) continue;
      const { name: full, exports } = JSON.parse(readFileSync(manifest, "utf8"));
      packages.set(full, { folder: join(tree, parent, name), exports: exports ?? {} });
    }
  }
  return packages;
}

function resolveOwn(packages, specifier) {
  const [, name, rest = ""] = /^(@hawser\/[a-z-]+)(?:\/(.+))?$/.exec(specifier) ?? [];
  const found = packages.get(name);
  if (found === undefined) return undefined;
  const key = rest === "" ? "." : `./${rest}`;
  const target = found.exports[key] ?? found.exports["./*"]?.replace("*", rest);
  return join(found.folder, target);
}

async function bundle(rolldown, tree, kind) {
  const packages = packagesOf(tree);
  const own = { name: "own-packages", resolveId: { filter: { id: /^@hawser\// }, handler: (id) => resolveOwn(packages, id) } };
  const input = join(tree, `frozen-${kind}.mjs`);
  writeFileSync(input, BUNDLES[kind]);
  const build = await rolldown({
    input,
    platform: "node",
    plugins: [own],
    // Optional parts of third-party code that are not installed stay what they are: asked for, and missed.
    external: [/^node:/, "bufferutil", "utf-8-validate"],
    logLevel: "silent",
  });
  const { output } = await build.generate({ format: "esm", minify: true, codeSplitting: false, comments: false });
  await build.close();
  if (output.length !== 1) throw new Error(`the ${kind} did not become one file`);
  return Buffer.from(output[0].code);
}

/** Runs `work` on a clean check-out of the commit. */
async function withTree(commit, work) {
  const tree = mkdtempSync(join(tmpdir(), "hawser-freeze-"));
  const git = (...parameters) => execFileSync("git", ["-C", ROOT, ...parameters], { stdio: ["ignore", "ignore", "inherit"] });
  git("worktree", "add", "--quiet", "--detach", "--force", tree, commit);
  try {
    symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"));
    return await work(tree);
  } finally {
    rmSync(join(tree, "node_modules"), { force: true });
    git("worktree", "remove", "--force", tree);
  }
}

async function freeze(name, revision) {
  const commit = execFileSync("git", ["-C", ROOT, "rev-parse", `${revision}^{commit}`], { encoding: "utf8" }).trim();
  const committedAt = execFileSync("git", ["-C", ROOT, "show", "-s", "--format=%cI", commit], { encoding: "utf8" }).trim();
  const folder = join(ROOT, "releases", name);
  if (existsSync(folder)) throw new Error(`releases/${name} exists: a release is frozen once`);
  // What the frozen programs say they are.
  const { version } = JSON.parse(execFileSync("git", ["-C", ROOT, "show", `${commit}:package.json`], { encoding: "utf8" }));
  if (version !== name) throw new Error(`the tree of ${commit.slice(0, 7)} says that it is ${version}: node tools/set-version.mjs ${name}`);
  await ensureInstalled({ dev: true });
  const { rolldown } = await import(pathToFileURL(join(ROOT, "node_modules", "rolldown", "dist", "index.mjs")).href);
  await withTree(commit, async (tree) => {
    const recorded = readFileSync(join(tree, "packages/wire/src/schema-hash.test.ts"), "utf8");
    const wire = /protocolMin: (\d+), protocolMax: (\d+), hash: "([0-9a-f]{64})"/.exec(recorded);
    if (wire === null) throw new Error("the tree records no hash of its wire");
    const files = {};
    const made = [];
    for (const kind of Object.keys(BUNDLES)) {
      const code = await bundle(rolldown, tree, kind);
      if (code.length > MAX_BUNDLE_BYTES) throw new Error(`${kind} has ${code.length} bytes, more than ${MAX_BUNDLE_BYTES}`);
      files[kind] = { sizeBytes: code.length, sha256: createHash("sha256").update(code).digest("hex") };
      made.push([`${kind}.mjs.gz`, gzipSync(code, { level: 9 })]);
    }
    const protocol = { min: Number(wire[1]), max: Number(wire[2]), hash: wire[3] };
    mkdirSync(folder, { recursive: true });
    for (const [file, bytes] of made) writeFileSync(join(folder, file), bytes);
    writeFileSync(join(folder, "manifest.json"), `${JSON.stringify({ name, commit, committedAt, protocol, files }, undefined, 2)}\n`);
    for (const [kind, { sizeBytes }] of Object.entries(files)) console.log(`releases/${name}/${kind}: ${sizeBytes} bytes`);
  });
}

const [name, revision = "HEAD"] = process.argv.slice(2);
try {
  if (name === undefined || !/^\d+\.\d+\.\d+$/.test(name))
    throw new Error("usage: node tools/freeze-release.mjs NAME [COMMIT], NAME like 0.3.0");
  await freeze(name, revision);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
