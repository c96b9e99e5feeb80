/**
 * One computer: its clock (which drifts and jumps), and what may run on it. Invariant: nothing of a process runs after it died; what
 * comes due while the machine is suspended runs when it wakes, in order.
 */
import type { Clock } from "@hawser/base";
import type { Scheduler } from "./scheduler.ts";

/** Thrown through a process that dies in the middle of something. */
export class ProcessDied extends Error {
  override readonly name = "ProcessDied";
}

export class Machine {
  readonly name: string;
  readonly scheduler: Scheduler;
  /** Parts in one: 1e-4 is nine seconds a day. */
  drift = 0;
  /** Its clock minus the world's. */
  offsetMs = 0;
  /** How often it was started; what belongs to an earlier life is dead. */
  life = 0;
  #suspended = false;
  #frozen: (() => void)[] = [];

  readonly #onFault: (error: unknown) => void;

  /** `onFault`: what nothing in the process caught. */
  constructor(name: string, scheduler: Scheduler, onFault: (error: unknown) => void) {
    this.#onFault = onFault;
    this.name = name;
    this.scheduler = scheduler;
  }

  get suspended(): boolean {
    return this.#suspended;
  }

  suspend(): void {
    this.#suspended = true;
  }

  wake(): void {
    if (!this.#suspended) return;
    this.#suspended = false;
    for (const callback of this.#frozen.splice(0)) this.scheduler.after(0, callback);
  }

  /** Begins a new process; the old one is dead from here on. */
  begin(): number {
    this.#frozen = [];
    this.#suspended = false;
    return ++this.life;
  }

  kill(): void {
    this.begin();
  }

  /** Runs something in a process now, later, or never. */
  enter(life: number, callback: () => void): void {
    if (life !== this.life) return;
    if (this.#suspended) {
      this.#frozen.push(() => this.enter(life, callback));
      return;
    }
    try {
      callback();
    } catch (error) {
      if (!(error instanceof ProcessDied)) this.#onFault(error);
    }
  }

  clock(life: number): Clock {
    const { scheduler } = this;
    return {
      nowMs: () => Math.floor(scheduler.nowMs + (scheduler.nowMs - 1_800_000_000_000) * this.drift + this.offsetMs),
      monotonicMs: () => (scheduler.nowMs - 1_800_000_000_000) * (1 + this.drift),
      after: (delayMs, callback) => scheduler.after(delayMs / (1 + this.drift), () => this.enter(life, callback)),
    };
  }
}
