/** A command that was asked for nonsense plays nothing and does not succeed. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { UsageError } from "@hawser/sim/command-line";
import { readDrillCommand } from "./drill-options.ts";
import type { Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios/index.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

const drill = (...words: string[]) => spawnSync(process.execPath, [MAIN, ...words], { encoding: "utf8" });
const read = (...words: string[]) => readDrillCommand(words, [...SCENARIOS, simulated]);
const sized = SCENARIOS.find(({ size, engines }) => size !== undefined && engines.includes("simulator"))!;
const unsized = SCENARIOS.find(({ size }) => size === undefined)!;
/** Today's drills play on both engines. */
const simulated: Scenario = { ...unsized, name: "virtual-days", engines: ["simulator"] };

test("what was asked for is read", () => {
  expect(read()).toEqual({ command: "list" });
  expect(read("table", "a.json", "b.json")).toEqual({ command: "table", seed: 1, files: ["a.json", "b.json"] });
  expect(read(sized.name, "--seed", "7", "--check")).toMatchObject({ scenario: sized, seed: 7, size: sized.size!.full, check: true });
  expect(read(sized.name, "--size", "3")).toMatchObject({ size: 3, real: false });
});

describe("what cannot be played", () => {
  test.each([
    { why: "a seed that is no number", words: [sized.name, "--seed", "x"] },
    { why: "no size at all", words: [sized.name, "--size", "0"] },
    { why: "half a person", words: [sized.name, "--size", "1.5"] },
    { why: "a size where there is none", words: [unsized.name, "--size", "5"] },
    { why: "an unknown drill", words: ["nonsense"] },
    { why: "two drills", words: [sized.name, unsized.name] },
    { why: "one of the simulator with real processes", words: [simulated.name, "--real"] },
    { why: "a table with a seed that is no number", words: ["table", "--seed", "0"] },
  ])("$why", ({ words }) => expect(() => read(...words)).toThrow(UsageError));
});

describe("the program", () => {
  test.each([
    { words: ["second-device", "--seed", "x"], says: /^--seed is a whole number/ },
    { words: ["second-device", "--size", "-3"], says: /^Option '--size' argument is ambiguous/ },
    { words: ["table", "/nowhere.json"], says: /^"\/nowhere.json" is no file/ },
    { words: ["--what"], says: /^Unknown option '--what'/ },
  ])("$words", ({ words, says }) => {
    const { status, stdout, stderr } = drill(...words);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(says);
    expect(stderr).toMatch(/\nusage: npm run drill -- list [^\n]*\n[^\n]*table[^\n]*\n$/);
  });

  test("--help", () => {
    const { status, stdout, stderr } = drill("--help");
    expect([status, stdout, stderr]).toEqual([0, expect.stringMatching(/^usage: npm run drill/), ""]);
  });
});
