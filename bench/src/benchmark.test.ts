import { expect, test } from "vitest";
import { formatGoal, type Goal, missedGoals } from "./benchmark.ts";

const goals: Goal[] = [
  { name: "p50", compare: "<=", value: 150, unit: "ms" },
  { name: "rate", compare: ">=", value: 0.6, unit: "×" },
];

test("a goal is met at its limit and missed beyond it", () => {
  expect(missedGoals(goals, { p50: 150, rate: 0.6 })).toEqual([]);
  expect(missedGoals(goals, { p50: 150.1, rate: 0.59 })).toEqual(goals);
});

test("what was not measured is missed", () => {
  expect(missedGoals(goals, { p50: Number.NaN })).toEqual(goals);
  expect(formatGoal(goals[1]!, {})).toBe("rate >= 0.6 ×: not measured");
});
