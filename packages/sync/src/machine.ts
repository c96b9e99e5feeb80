/** The form of every machine here: synchronous, time and randomness as arguments, I/O as effects. */
import type { Random } from "@hawser/base";

export interface StepContext {
  readonly nowMs: number;
  readonly random: Random;
}

export interface Step<State, Effect> {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** Doubles from `FIRST_RETRY_MS` to `MAX_RETRY_MS`; half of it fixed, half random (equal jitter). */
export function retryDelayMs(tries: number, firstMs: number, maxMs: number, random: Random): number {
  const ceilingMs = Math.min(maxMs, firstMs * 2 ** Math.min(tries, 30));
  const bytes = random.bytes(2);
  const fraction = ((bytes[0]! << 8) | bytes[1]!) / 0x1_0000;
  return Math.round(ceilingMs / 2 + (ceilingMs / 2) * fraction);
}
