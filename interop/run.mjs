/**
 * Runs the black-box tests against the official libsignal and closes with one line of counts. Install first: `npm ci` in this
 * folder. Without the library every test counts as skipped, because the product does not need it.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const here = import.meta.dirname;
const root = join(here, "..");
const node = join(root, "node_modules", ".bin", "node");
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");

console.log("Checking the pair engine against the official libsignal, as a black box.");
if (!existsSync(join(here, "node_modules", "@signalapp", "libsignal-client"))) {
  console.log("libsignal is not installed; run `npm ci` in interop/ first.");
  console.log("0 passed, 0 failed, 1 skipped");
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), "hawser-interop-"));
try {
  const report = join(folder, "report.json");
  const { status } = spawnSync(
    existsSync(node) ? node : process.execPath,
    [vitest, "run", "--root", here, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
    {
      cwd: here,
      stdio: "inherit",
    },
  );
  const counts = existsSync(report)
    ? JSON.parse(readFileSync(report, "utf8"))
    : { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0 };
  console.log(`${counts.numPassedTests} passed, ${counts.numFailedTests} failed, ${counts.numPendingTests} skipped`);
  process.exitCode = status === 0 && counts.numPassedTests > 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
