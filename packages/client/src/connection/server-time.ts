/**
 * The server's time between two measurements. Invariants: it never runs slower than the monotonic clock, so a device's clock that is set
 * back while the program runs moves nothing; one that leaps ahead is followed, because a computer that slept looks the same, and is
 * reported, so that the server is asked at once.
 */
import type { Clock } from "@hawser/base";

/** Both clocks of a device drift; what is further apart was set, or slept. */
const LEAP_MS = 10_000;

export interface ServerTime {
  /** The server's clock minus this device's, just now. */
  measured(offsetMs: number): void;
  nowMs(): number;
  /** The device's clock has leapt since the last measurement. True once, until the next. */
  hasLeapt(): boolean;
}

export function createServerTime(clock: Clock): ServerTime {
  let offsetMs = 0;
  let reported = false;
  let anchor = { timeMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
  const byDevice = (): number => clock.nowMs() + offsetMs;
  const carried = (): number => Math.floor(anchor.timeMs + clock.monotonicMs() - anchor.monotonicMs);
  return {
    measured(newOffsetMs) {
      offsetMs = newOffsetMs;
      reported = false;
      anchor = { timeMs: byDevice(), monotonicMs: clock.monotonicMs() };
    },
    nowMs: () => Math.max(byDevice(), carried()),
    hasLeapt() {
      if (reported || Math.abs(byDevice() - carried()) <= LEAP_MS) return false;
      reported = true;
      return true;
    },
  };
}
