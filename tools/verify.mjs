/** `npm run verify`: types, lint, format, unused code, and the rules of the house (`tools/tidy.test.ts`), in seconds. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureInstalled } from "./install.mjs";
import { environment, findNode24, ROOT } from "./node-24.mjs";
import { formatStep, runSteps } from "./verify-steps.mjs";

await ensureInstalled({ dev: true });
const results = await runSteps((result) => console.log(formatStep(result)));
const tidy = spawnSync(join(ROOT, "node_modules", ".bin", "vitest"), ["run", "tools/tidy.test.ts", "--reporter=dot"], {
  cwd: ROOT,
  env: environment(findNode24()),
  encoding: "utf8",
});
console.log(formatStep({ name: "tidy", ok: tidy.status === 0, ms: 0, output: tidy.stdout + tidy.stderr }));
process.exitCode = tidy.status === 0 && results.every((result) => result.ok) ? 0 : 1;
