/** Every `*.test.ts` beside its source. They use virtual time and take no browser; those are in vitest.e2e.config.ts. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  // What is drawn runs on Preact, as in the build (apps/web/vite.config.ts).
  resolve: {
    alias: [
      { find: /^react\/(jsx(?:-dev)?-runtime)$/, replacement: "preact/$1" },
      { find: /^react(?:-dom)?$/, replacement: "preact/compat" },
    ],
  },
  test: {
    include: [
      "packages/**/*.test.{ts,tsx}",
      "apps/**/*.test.{ts,tsx}",
      "bench/**/*.test.ts",
      "sim/**/*.test.ts",
      "drills/**/*.test.ts",
      "tools/**/*.test.ts",
      "releases/*.test.ts",
    ],
    exclude: ["**/node_modules/**", "**/dist/**"],
    pool: "forks",
    maxWorkers: 2,
    execArgv: ["--disable-warning=ExperimentalWarning"],
    // Only ends a test that hangs: how long one takes depends on what else the machine does.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    allowOnly: false,
  },
});
