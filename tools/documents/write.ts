/** Writes what is generated from the machines and the registries. With `--check` nothing is written: it fails when a file is not what they give now. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errors } from "./errors.ts";
import { outcomeModule, outcomes } from "./outcomes.ts";
import { stateMachines } from "./state-machines.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const FILES: Readonly<Record<string, () => string>> = {
  "docs/ERRORS.md": errors,
  "docs/OUTCOMES.md": outcomes,
  "docs/STATE-MACHINES.md": stateMachines,
  "packages/wire/src/outcomes/gen/catalogue.ts": outcomeModule,
};

for (const [path, make] of Object.entries(FILES)) {
  const file = join(ROOT, path);
  const fresh = make();
  if (existsSync(file) && readFileSync(file, "utf8") === fresh) continue;
  if (process.argv.includes("--check")) {
    console.error(`${path} does not fit its sources; run: npm run generate`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, fresh);
    console.log(`Generated anew: ${path}`);
  }
}
