/** A command that was asked for nonsense plays nothing and does not succeed. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { UsageError } from "./command-line.ts";
import { readSimOptions } from "./sim-options.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

const sim = (...words: string[]) => spawnSync(process.execPath, [MAIN, ...words], { encoding: "utf8" });

test("what was asked for is read", () => {
  expect(readSimOptions([])).toMatchObject({ from: 1, seeds: 200, shrinkRuns: 40, json: false });
  expect(readSimOptions(["--from", "7", "--seeds", "3", "--jobs", "1", "--shrink-runs", "0", "--short"])).toMatchObject({
    from: 7,
    seeds: 3,
    jobs: 1,
    shrinkRuns: 0,
    short: true,
  });
  expect(readSimOptions(["--soak"]).seeds).toBe(Number.POSITIVE_INFINITY);
});

describe("numbers that are none", () => {
  test.each(["abc", "", "0", "-3", "1.5", "1e3", "0x10", " 5", "Infinity", "9".repeat(16)])("%j", (text) => {
    for (const option of ["--seeds", "--from", "--jobs"]) expect(() => readSimOptions([`${option}=${text}`])).toThrow(UsageError);
  });
  test("more processes than a machine takes", () => expect(() => readSimOptions(["--jobs", "1000"])).toThrow(UsageError));
});

describe("the program", () => {
  test.each([
    { words: ["--seeds", "abc"], says: '--seeds is a whole number from 1 to 999999999999999, not "abc".' },
    { words: ["--from", "x", "--seeds", "1"], says: '--from is a whole number from 1 to 999999999999999, not "x".' },
    { words: ["--seeds", "-3"], says: "Option '--seeds' argument is ambiguous." },
    { words: ["--what"], says: /^Unknown option '--what'/ },
    { words: ["7"], says: /^Unexpected argument '7'/ },
  ])("$words", ({ words, says }) => {
    const { status, stdout, stderr } = sim(...words);
    const [first, ...usage] = stderr.trimEnd().split("\n");
    expect([status, stdout, usage]).toEqual([2, "", [expect.stringMatching(/^usage: npm run sim/)]]);
    expect(first).toEqual(typeof says === "string" ? says : expect.stringMatching(says));
  });

  test("--help", () => {
    const { status, stdout, stderr } = sim("--seeds", "abc", "--help");
    expect([status, stdout, stderr]).toEqual([0, expect.stringMatching(/^usage: npm run sim/), ""]);
  });
});
