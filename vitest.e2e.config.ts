/** Tests in a real browser against a real server, each file with its own. `npm test` runs those that need Chromium alone two at a time. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["e2e/**/*.e2e.ts", "apps/web/test/**/*.e2e.ts"],
    pool: "forks",
    maxWorkers: 1,
    fileParallelism: false,
    execArgv: ["--disable-warning=ExperimentalWarning"],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    allowOnly: false,
  },
});
