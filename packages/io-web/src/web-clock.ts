/** The browser's clock and random source. Made only at composition roots; everything else takes them as ports. */
import type { Bytes, Clock, Random } from "@hawser/base";

/** `setTimeout` fires at once above this delay; longer waits are cut to it. */
const MAX_DELAY_MS = 2_147_483_647;
/** What `getRandomValues` gives at once. */
const MAX_RANDOM_BYTES = 65_536;

export const webClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), MAX_DELAY_MS));
    return () => clearTimeout(timer);
  },
};

export const webRandom: Random = {
  bytes(sizeBytes: number): Bytes {
    const bytes = new Uint8Array(sizeBytes);
    for (let at = 0; at < sizeBytes; at += MAX_RANDOM_BYTES) crypto.getRandomValues(bytes.subarray(at, at + MAX_RANDOM_BYTES));
    return bytes;
  },
};
