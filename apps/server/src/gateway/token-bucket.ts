/** Fills at a steady rate up to a burst. Time is an argument; it never goes back (monotonic). */
export class TokenBucket {
  #tokens: number;
  #atMs: number;

  constructor(burst: number, nowMs: number) {
    this.#tokens = burst;
    this.#atMs = nowMs;
  }

  /** Takes one token; otherwise says in how many milliseconds there will be one. 0 means taken. */
  take(nowMs: number, burst: number, perSecond: number): number {
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#atMs) * perSecond) / 1_000);
    this.#atMs = nowMs;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return 0;
    }
    return Math.max(1, Math.ceil(((1 - this.#tokens) * 1_000) / perSecond));
  }
}
