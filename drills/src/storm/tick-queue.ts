/** Virtual time for very many timers: everything that is due within the same ten milliseconds happens in the order it was asked for. */
import type { Clock } from "@hawser/base";

const TICK_MS = 10;

export class TickQueue {
  readonly #ticks = new Map<number, (() => void)[]>();
  #tick = 0;

  get nowMs(): number {
    return this.#tick * TICK_MS;
  }

  after(delayMs: number, act: () => void): () => void {
    const tick = this.#tick + Math.max(1, Math.ceil(delayMs / TICK_MS));
    let wanted = true;
    const due = (): void => {
      if (wanted) act();
    };
    const others = this.#ticks.get(tick);
    if (others === undefined) this.#ticks.set(tick, [due]);
    else others.push(due);
    return () => {
      wanted = false;
    };
  }

  run(durationMs: number): void {
    const end = this.#tick + Math.round(durationMs / TICK_MS);
    while (this.#tick < end) {
      this.#tick++;
      const due = this.#ticks.get(this.#tick);
      if (due === undefined) continue;
      this.#ticks.delete(this.#tick);
      for (const act of due) act();
    }
  }

  /** `startsAtMs`: what the wall shows at zero. */
  clock(startsAtMs: number): Clock {
    return { nowMs: () => startsAtMs + this.nowMs, monotonicMs: () => this.nowMs, after: (delayMs, act) => this.after(delayMs, act) };
  }
}
