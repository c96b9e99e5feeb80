import { expect, test } from "vitest";
import { MAX_WRONG_TRIES, recentTries, waitBeforeTry, WRONG_WINDOW_MS } from "./typed-tries.ts";

test("after so many wrong tries there is a pause until the first is old, whatever the clock does", () => {
  const tries = Array.from({ length: MAX_WRONG_TRIES }, (_, index) => 1_000 + index);
  expect(waitBeforeTry(tries.slice(1), 2_000)).toBe(0);
  expect(waitBeforeTry(tries, 2_000)).toBe(WRONG_WINDOW_MS - 1_000);
  expect(waitBeforeTry(tries, 1_000 + WRONG_WINDOW_MS)).toBe(0);
  // Set back by years: no wait of years.
  expect(waitBeforeTry(tries, 5)).toBe(0);
  expect(recentTries([...tries, ...tries.map((atMs) => atMs + 10)], 2_000)).toHaveLength(MAX_WRONG_TRIES);
});
