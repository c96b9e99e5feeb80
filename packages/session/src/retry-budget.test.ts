/** In a storm retries are bounded whatever the callers do; when it is over, nobody waits for the budget. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  afterRetry,
  afterSuccess,
  fullRetryBudget,
  RETRIES_AT_ONCE,
  RETRIES_PER_MINUTE,
  RETRIES_PER_SUCCESS,
  retriesLeft,
  untilRetryMs,
} from "./retry-budget.ts";

test("a storm of an hour: 500 callers that try each second are let through a few times a minute, together", () => {
  let budget = fullRetryBudget(0);
  let retries = 0;
  for (let nowMs = 0; nowMs < 3_600_000; nowMs += 1_000)
    for (let caller = 0; caller < 500; caller++)
      if (untilRetryMs(budget, nowMs) === 0) {
        budget = afterRetry(budget, nowMs);
        retries++;
      }
  expect(retries).toBeLessThanOrEqual(RETRIES_AT_ONCE + 60 * RETRIES_PER_MINUTE);
  expect(retries).toBeGreaterThan(60 * RETRIES_PER_MINUTE - 1);
});

test("the storm is over: a thousand retries that succeed wait for nothing but the first of them", () => {
  let budget = fullRetryBudget(0);
  while (retriesLeft(budget, 0) > 0) budget = afterRetry(budget, 0);
  let nowMs = untilRetryMs(budget, 0);
  expect(nowMs).toBeLessThanOrEqual(60_000 / RETRIES_PER_MINUTE);
  const beganMs = nowMs;
  for (let i = 0; i < 1_000; i++) {
    nowMs += untilRetryMs(budget, nowMs);
    budget = afterSuccess(afterRetry(budget, nowMs), nowMs, true);
  }
  expect(nowMs).toBe(beganMs);
});

test("any order of times, successes and failures: never more retries that fail than the budget says, never a wait without end", () => {
  const happening = fc.record({ passedMs: fc.integer({ min: -5_000, max: 20_000 }), what: fc.constantFrom("first", "retry", "failing") });
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 300 }), (happenings) => {
      let [nowMs, latestMs, failed, succeeded] = [0, 0, 0, 0];
      let budget = fullRetryBudget(0);
      for (const { passedMs, what } of happenings) {
        nowMs += passedMs;
        // A clock that runs backwards earns once for the time it goes over twice, at most.
        latestMs += Math.max(0, passedMs);
        const waitMs = untilRetryMs(budget, nowMs);
        expect(waitMs === 0).toBe(retriesLeft(budget, nowMs) > 0);
        expect(waitMs).toBeLessThanOrEqual(60_000 / RETRIES_PER_MINUTE);
        if (what === "first") {
          succeeded++;
          budget = afterSuccess(budget, nowMs, false);
        } else if (waitMs === 0) {
          budget = afterRetry(budget, nowMs);
          if (what === "retry") budget = afterSuccess(budget, nowMs, true);
          else failed++;
        }
        expect(failed).toBeLessThanOrEqual(
          RETRIES_AT_ONCE + (latestMs / 60_000) * RETRIES_PER_MINUTE + succeeded * RETRIES_PER_SUCCESS + 1e-6,
        );
      }
    }),
    { numRuns: 1_000 },
  );
});
