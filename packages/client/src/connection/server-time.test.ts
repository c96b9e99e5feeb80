import { expect, test } from "vitest";
import { createServerTime } from "./server-time.ts";

const HOUR_MS = 3_600_000;

/** A device whose clock is set, and which sleeps, when told. */
function device() {
  const world = { nowMs: 1_800_000_000_000, monotonicMs: 5_000 };
  const clock = { nowMs: () => world.nowMs, monotonicMs: () => world.monotonicMs, after: () => () => undefined };
  const pass = (ms: number): void => {
    world.nowMs += ms;
    world.monotonicMs += ms;
  };
  return { world, clock, pass };
}

test("a clock that is set back moves nothing, and is reported once until it was measured again", () => {
  const { world, clock, pass } = device();
  const time = createServerTime(clock);
  time.measured(7);
  pass(1_000);
  const beforeMs = time.nowMs();
  expect([beforeMs, time.hasLeapt()]).toEqual([1_800_000_001_007, false]);
  world.nowMs -= 24 * HOUR_MS;
  pass(500);
  expect([time.nowMs(), time.hasLeapt()]).toEqual([beforeMs + 500, true]);
  expect(time.hasLeapt()).toBe(false);
  time.measured(24 * HOUR_MS);
  expect([time.nowMs(), time.hasLeapt()]).toEqual([beforeMs + 493, false]);
});

test("after a sleep, in which only the device's clock went on, the time is right at once", () => {
  const { world, clock } = device();
  const time = createServerTime(clock);
  world.nowMs += HOUR_MS;
  expect([time.nowMs(), time.hasLeapt()]).toEqual([1_800_000_000_000 + HOUR_MS, true]);
});
