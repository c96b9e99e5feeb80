/**
 * `npm run generate`: packages/wire/proto → packages/wire/src/gen, then what is written from the machines (tools/documents). JavaScript with declarations instead of TypeScript, because
 * generated TypeScript has enums, which type stripping cannot run. Works offline. `--check` writes nothing and fails when the
 * committed code is not what the schemas give.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureInstalled } from "./install.mjs";
import { environment, findNode24, ROOT } from "./node-24.mjs";

const SCHEMAS = join(ROOT, "packages", "wire", "proto");
const GENERATED = join(ROOT, "packages", "wire", "src", "gen");

/** Files below `folder`, relative to it. */
function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
    .sort();
}

function generateInto(folder) {
  const node = findNode24();
  const plugin = join(ROOT, "node_modules", "@bufbuild", "protoc-gen-es", "bin", "protoc-gen-es");
  const template = { version: "v2", plugins: [{ local: [node, plugin], out: folder, opt: ["target=js+dts", "import_extension=js"] }] };
  const buf = join(ROOT, "node_modules", ".bin", "buf");
  // Both as arguments, so that no buf.yaml in a folder above has a say.
  const parameters = ["generate", SCHEMAS, "--config", '{"version":"v2"}', "--template", JSON.stringify(template)];
  const result = spawnSync(buf, parameters, { env: environment(node), encoding: "utf8" });
  if (result.status !== 0) throw new Error(`buf could not generate the codecs:\n${result.error?.message ?? result.stderr}`);
}

/** Paths whose committed form differs from what the schemas give now. */
function outdated(fresh) {
  const paths = new Set([...filesIn(fresh), ...filesIn(GENERATED)]);
  const read = (folder, path) => (existsSync(join(folder, path)) ? readFileSync(join(folder, path), "utf8") : undefined);
  return [...paths].filter((path) => read(fresh, path) !== read(GENERATED, path));
}

/** In a process of its own: it reads the codecs that were just generated. */
function writeDocuments(parameters) {
  const result = spawnSync(
    findNode24(),
    ["--disable-warning=ExperimentalWarning", join(ROOT, "tools", "documents", "write.ts"), ...parameters],
    {
      stdio: "inherit",
    },
  );
  if (result.status !== 0) process.exitCode = 1;
}

const temporary = mkdtempSync(join(tmpdir(), "hawser-generate-"));
try {
  await ensureInstalled({ dev: true });
  generateInto(temporary);
  const changed = outdated(temporary);
  if (process.argv.includes("--check")) {
    for (const path of changed) console.error(`packages/wire/src/gen/${path} does not fit the schemas; run: npm run generate`);
    process.exitCode = changed.length > 0 ? 1 : 0;
  } else {
    rmSync(GENERATED, { recursive: true, force: true });
    cpSync(temporary, GENERATED, { recursive: true });
    console.log(changed.length === 0 ? "The generated codecs were current." : `Generated anew: ${changed.join(", ")}`);
  }
  writeDocuments(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
