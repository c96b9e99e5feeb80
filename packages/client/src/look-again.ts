/**
 * Work that is not due yet or could not be done: looked at when it is due, and on every connection. Invariant: there is one timer and one
 * look at a time; one that was stopped looks no more. What is to be done stands in the store, not here.
 */
import type { Clock } from "@hawser/base";

export interface LookAgain {
  /** On every connection, and whenever there may be something new to do. */
  now(): void;
  /** Instead of when it would have looked. */
  after(delayMs: number): void;
  stop(): void;
}

/** `look` says how long until the next look; `undefined`: nothing is left, or only a connection helps. After an await it asks `stopped` first. */
export function createLookAgain(clock: Clock, look: (stopped: () => boolean) => Promise<number | undefined>): LookAgain {
  let cancelTimer: (() => void) | undefined;
  let looking = false;
  let stopped = false;

  const after = (delayMs: number): void => {
    cancelTimer?.();
    if (!stopped) cancelTimer = clock.after(Math.max(0, delayMs), now);
  };
  const now = (): void => {
    if (looking || stopped) return;
    looking = true;
    void look(() => stopped).then((againMs) => {
      looking = false;
      if (againMs !== undefined) after(againMs);
    });
  };
  return {
    now,
    after,
    stop() {
      stopped = true;
      cancelTimer?.();
    },
  };
}
