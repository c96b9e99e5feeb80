import type { Clock } from "@hawser/base";
import { expect, test } from "vitest";
import { watchCrowd } from "./crowd.ts";

/** Minutes that pass when told to. */
function minutes(): { clock: Clock; pass(count: number): void } {
  let next: (() => void) | undefined;
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    after(_delayMs, callback) {
      next = callback;
      return () => (next = undefined);
    },
  };
  return {
    clock,
    pass(count) {
      for (let minute = 0; minute < count; minute++) next?.();
    },
  };
}

test("says how many are there beside the usual, in three words, once it knows", () => {
  let connected = 1_000;
  const { clock, pass } = minutes();
  const crowd = watchCrowd(() => connected, clock);
  pass(59);
  expect(crowd.now()).toBeUndefined();
  pass(1);
  expect(crowd.now()).toBe("usual");
  connected = 500;
  expect(crowd.now()).toBe("fewer");
  connected = 10;
  pass(10);
  expect(crowd.now()).toBe("far-fewer");
  // Half a day later it is what is usual here.
  connected = 100;
  pass(1_500);
  expect(crowd.now()).toBe("usual");
  crowd.stop();
});

test("a small server tells nobody who is there", () => {
  const { clock, pass } = minutes();
  let connected = 49;
  const crowd = watchCrowd(() => connected, clock);
  pass(120);
  connected = 0;
  expect(crowd.now()).toBeUndefined();
});
