/** A fixed range of short worlds with all that there is, so that a change is looked at from many sides before it lands. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installSyncSubtle } from "./engine/sync-subtle.ts";
import { drawPlan } from "./run/plan.ts";
import { runPlan } from "./run/run-plan.ts";

/** As many as fit; `npm run sim -- --seeds 1000` runs more. */
const FIXED_SEEDS = 200;
const STEPS_EACH = 18;
const SEEDS_A_TEST = 20;

let uninstall = (): void => undefined;
beforeAll(() => {
  uninstall = installSyncSubtle();
});
afterAll(() => uninstall());

describe("fixed seeds", () => {
  const starts = Array.from({ length: FIXED_SEEDS / SEEDS_A_TEST }, (_, i) => 10_001 + i * SEEDS_A_TEST);
  test.each(starts)(
    `${SEEDS_A_TEST} from %i`,
    async (start) => {
      const failed: unknown[] = [];
      for (let seed = start; seed < start + SEEDS_A_TEST; seed++) {
        const { violations } = await runPlan(drawPlan(seed, { steps: STEPS_EACH, short: true }));
        if (violations.length > 0) failed.push({ seed, violations });
      }
      expect(failed).toEqual([]);
    },
    120_000,
  );
});
