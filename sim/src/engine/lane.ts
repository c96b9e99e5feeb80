/** One direction of a way: in order, each thing not before its time, nothing while the way stands still. */
import type { Scheduler } from "./scheduler.ts";

export interface LaneConditions {
  latencyMs(): number;
  isHeld(): boolean;
  /** Nothing arrives any more. */
  isDead(): boolean;
}

export class Lane {
  readonly #scheduler: Scheduler;
  readonly #conditions: LaneConditions;
  #lastMs = 0;
  #parked: (() => void)[] = [];

  constructor(scheduler: Scheduler, conditions: LaneConditions) {
    this.#scheduler = scheduler;
    this.#conditions = conditions;
  }

  put(arrive: () => void): void {
    const dueMs = Math.max(this.#lastMs, this.#scheduler.nowMs + this.#conditions.latencyMs());
    this.#lastMs = dueMs;
    this.#scheduler.after(dueMs - this.#scheduler.nowMs, () => {
      if (this.#conditions.isDead()) return;
      if (this.#parked.length > 0 || this.#conditions.isHeld()) this.#parked.push(arrive);
      else arrive();
    });
  }

  release(): void {
    for (const arrive of this.#parked.splice(0)) this.put(arrive);
  }
}
