/** Invariant: one shape of figures, printed once; a run in portions is the sum of what its portions print. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { added, NOTHING, type Totals } from "./totals.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

test("each figure stands in the JSON once, and a whole reads it as a portion's", () => {
  const printed = execFileSync(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, "--seeds", "1", "--short", "--json"]);
  const words = [...printed.toString().matchAll(/"(\w+)":/g)].map(([, word]) => word);
  expect(words).toEqual([...new Set(words)]);
  expect(words).toEqual(expect.arrayContaining(Object.keys(NOTHING)));
  const { seeds, failures, deviceHours } = JSON.parse(printed.toString()) as Totals;
  expect({ seeds, failures }).toEqual({ seeds: 1, failures: [] });
  expect(deviceHours).toBeGreaterThan(0);
}, 60_000);

test("portions add up; the slowest of them is the slowest of all", () => {
  const one = (heal: number, seed: number): Totals => ({
    seeds: 1, deviceHours: 0.5, events: 10, messages: 2, links: 1, slowestHealSeconds: heal, cpuMinutes: 0.25,
    failures: [{ seed, violations: [], steps: [] }],
  }); // prettier-ignore
  expect([one(3, 7), one(2, 8)].reduce(added, NOTHING)).toEqual({
    seeds: 2, deviceHours: 1, events: 20, messages: 4, links: 2, slowestHealSeconds: 3, cpuMinutes: 0.5,
    failures: [{ seed: 7, violations: [], steps: [] }, { seed: 8, violations: [], steps: [] }],
  }); // prettier-ignore
});
