/** A clock for tests: time stands until it is told to go on. */
import type { Clock } from "@hawser/base";

export interface TestClock extends Clock {
  /** What waits, each with the time it waits for. */
  readonly timers: Set<{ readonly atMs: number; readonly run: () => void }>;
  /** To the next of them, which runs; `false` when none waits until then. */
  next(untilMs?: number): boolean;
  /** All that is due runs at the end of this time. */
  pass(ms: number): void;
}

export function testClock(): TestClock {
  const timers: TestClock["timers"] = new Set();
  let nowMs = 0;
  return {
    timers,
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    next(untilMs = Number.POSITIVE_INFINITY) {
      const first = [...timers].toSorted((a, b) => a.atMs - b.atMs)[0];
      if (first === undefined || first.atMs > untilMs) return false;
      timers.delete(first);
      nowMs = Math.max(nowMs, first.atMs);
      first.run();
      return true;
    },
    pass(ms) {
      nowMs += ms;
      for (const timer of timers) if (timer.atMs <= nowMs && timers.delete(timer)) timer.run();
    },
  };
}
