/** The timers of one linking machine: one-shot, named; setting one again replaces it. */
import type { Clock } from "@hawser/base";
import type { LinkTimer } from "@hawser/linking";

export interface Timers {
  set(timer: LinkTimer, afterMs: number): void;
  clear(timer: LinkTimer): void;
  stop(): void;
}

export function createTimers(clock: Clock, fire: (timer: LinkTimer) => void): Timers {
  const running = new Map<LinkTimer, () => void>();
  const clear = (timer: LinkTimer): void => {
    running.get(timer)?.();
    running.delete(timer);
  };
  return {
    set(timer, afterMs) {
      clear(timer);
      running.set(
        timer,
        clock.after(afterMs, () => fire(timer)),
      );
    },
    clear,
    stop: () => [...running.keys()].forEach(clear),
  };
}
