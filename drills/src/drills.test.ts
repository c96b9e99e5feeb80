/** Every drill that the simulator can play, small, with its goals: a missed one fails here as on the command line. */
import { expect, test } from "vitest";
import { runInSimulator } from "./run-drill.ts";
import { SCENARIOS } from "./scenarios/index.ts";

const played = SCENARIOS.filter(({ engines }) => engines.includes("simulator"));

test.each(played.map((scenario) => [scenario.name, scenario] as const))("%s holds in the simulator", async (_name, scenario) => {
  const { verdicts, violations } = await runInSimulator(scenario);
  expect(verdicts.filter(({ held }) => !held)).toEqual([]);
  expect(violations).toEqual([]);
});

test("the same seed tells the same story", async () => {
  const scenario = played.find(({ name }) => name === "second-device")!;
  const first = await runInSimulator(scenario, { seed: 7 });
  const again = await runInSimulator(scenario, { seed: 7 });
  expect(again.lines).toEqual(first.lines);
});
