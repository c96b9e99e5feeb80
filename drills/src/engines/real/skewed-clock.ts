/** The system's clock as a device shows it that is wrong by so much. Durations are right. */
import type { Clock } from "@hawser/base";
import { systemClock } from "@hawser/io-node";

export class SkewedClock implements Clock {
  offsetMs = 0;

  nowMs(): number {
    return systemClock.nowMs() + this.offsetMs;
  }

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }

  after(delayMs: number, callback: () => void): () => void {
    return systemClock.after(delayMs, callback);
  }
}
