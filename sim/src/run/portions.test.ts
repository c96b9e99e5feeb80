import { expect, test } from "vitest";
import { portionsOf, SEEDS_A_PORTION } from "./portions.ts";

test.each([1, SEEDS_A_PORTION, SEEDS_A_PORTION + 1, 1_000])("%i seeds stand in one portion each", (count) => {
  const seeds = portionsOf(70_001, count).flatMap(({ from, seeds: many }) => Array.from({ length: many }, (_, i) => from + i));
  expect(seeds).toEqual(Array.from({ length: count }, (_, i) => 70_001 + i));
});
