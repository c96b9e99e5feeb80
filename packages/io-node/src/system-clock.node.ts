/** The real clock and random source. Made only at composition roots; everything else takes them as ports. */
import { randomFillSync } from "node:crypto";
import type { Bytes, Clock, Random } from "@hawser/base";

/** `setTimeout` fires at once above this delay; longer waits are cut to it. */
const MAX_DELAY_MS = 2_147_483_647;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, Math.min(delayMs, MAX_DELAY_MS));
    return () => clearTimeout(timer);
  },
};

export const systemRandom: Random = {
  bytes(sizeBytes: number): Bytes {
    return randomFillSync(new Uint8Array(sizeBytes));
  },
};
