/** A benchmark that does not exist, or an option that means nothing, is no measurement. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const bench = (...words: string[]) => spawnSync(process.execPath, [MAIN, ...words], { encoding: "utf8" });

test.each([
  { words: [], says: /^One benchmark, or all of them/ },
  { words: ["link", "web"], says: /^One benchmark, or all of them/ },
  { words: ["nonsense"], says: /^No benchmark is called "nonsense"; there are: / },
  { words: ["link", "--rounds", "3"], says: /^Unknown option '--rounds'/ },
])("$words", ({ words, says }) => {
  const { status, stdout, stderr } = bench(...words);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(says);
  expect(stderr).toMatch(/^[^\n]*\nusage: npm run bench [^\n]*\n$/);
});

test("--help", () => {
  const { status, stdout } = bench("--help");
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^usage: npm run bench/)]);
});
