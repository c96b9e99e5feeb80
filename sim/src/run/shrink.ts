/** Cuts a failing plan down while the same rule is still broken: first steps, then features. Bounded by a number of runs. */
import type { Plan } from "./plan.ts";
import { type RunOptions, runPlan, type RunResult } from "./run-plan.ts";

export interface Shrunk {
  readonly plan: Plan;
  readonly result: RunResult;
  readonly runs: number;
}

export async function shrink(plan: Plan, failed: RunResult, maxRuns: number, options: () => RunOptions = () => ({})): Promise<Shrunk> {
  const rules = new Set(failed.violations.map((violation) => violation.rule));
  let best: Shrunk = { plan, result: failed, runs: 0 };
  let runs = 0;
  const tryPlan = async (candidate: Plan): Promise<boolean> => {
    if (runs >= maxRuns) return false;
    runs++;
    const result = await runPlan(candidate, options());
    if (!result.violations.some((violation) => rules.has(violation.rule))) return false;
    best = { plan: candidate, result, runs };
    return true;
  };
  // What comes after the damage is done is the cheapest to take away, so halves from the end go first.
  for (let size = Math.ceil(plan.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let end = best.plan.steps.length; end > 0 && runs < maxRuns; end -= size) {
      const steps = best.plan.steps.filter((_step, index) => index < end - size || index >= end);
      await tryPlan({ ...best.plan, steps });
    }
  }
  for (const simpler of [{ maxDrift: 0 }, { lostAnswers: 0 }, { companions: 0 }, { accounts: 2 }])
    await tryPlan({ ...best.plan, ...simpler });
  return { ...best, runs };
}
