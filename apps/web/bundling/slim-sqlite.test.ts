import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { slimmed } from "./slim-sqlite.ts";

const script = readFileSync(join(import.meta.dirname, "../../../node_modules", "@sqlite.org/sqlite-wasm", "dist/index.mjs"), "utf8");

test("the pool of files stays, what nothing calls goes", () => {
  const slim = slimmed(script);
  expect(slim).toContain("sqlite3.installOpfsSAHPoolVfs = ");
  expect(slim).toContain("sqlite3.oo1 = ");
  expect(slim).not.toMatch(/initWorker1API = |new Worker\(|kvvfsMethods|sqlite3-opfs-async-proxy/);
});

test("a script that is not as it was ends the build instead of the app", () => {
  expect(() => slimmed(script.replace("sqlite3.vtab = vtab;", "sqlite3.vtab ??= vtab;"))).toThrow("virtual tables");
  expect(() => slimmed(script.replaceAll("sqlite3_bundler_friendly_default", "loader"))).toThrow("ends otherwise");
});
