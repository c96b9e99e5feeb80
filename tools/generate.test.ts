/** The committed codecs are what the schemas give, and the documents of the machines what their tables say. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

test("the generated codecs fit the schemas, the generated documents the machines", () => {
  const result = spawnSync(process.execPath, [join(import.meta.dirname, "generate.mjs"), "--check"], { encoding: "utf8" });
  expect(result.stderr).toBe("");
  expect(result.status).toBe(0);
});
