/**
 * Token buckets by key (an account, a pair, a network address). Invariant: at most `maxKeys` buckets are remembered; the one
 * unused for longest is forgotten first, which can only make the limit milder for that key, never stricter for another.
 */
import { assert } from "@hawser/base";
import { RecentMap } from "../store/recent-map.ts";

export interface BucketRule {
  /** Tokens a fresh key has, and the most it can save up. */
  readonly burst: number;
  /** Time in which one token grows back. */
  readonly refillMs: number;
}

export const MAX_BUCKETS = 50_000;

interface Bucket {
  tokens: number;
  /** Monotonic time of the last look. */
  atMs: number;
}

export class TokenBuckets {
  readonly #rule: BucketRule;
  readonly #nowMs: () => number;
  readonly #buckets: RecentMap<string, Bucket>;

  /** `nowMs` is a monotonic clock. */
  constructor(rule: BucketRule, nowMs: () => number, maxKeys: number = MAX_BUCKETS) {
    assert(rule.burst >= 1 && rule.refillMs > 0, "a rate limit lets something through");
    this.#rule = rule;
    this.#nowMs = nowMs;
    this.#buckets = new RecentMap(maxKeys);
  }

  /** Takes `cost` tokens and gives 0, or takes none and gives the milliseconds until they are there. */
  take(key: string, cost = 1): number {
    const { burst, refillMs } = this.#rule;
    const price = Math.min(cost, burst);
    const bucket = this.#current(key);
    if (bucket.tokens >= price) {
      bucket.tokens -= price;
      return 0;
    }
    return Math.ceil((price - bucket.tokens) * refillMs);
  }

  #current(key: string): Bucket {
    const nowMs = this.#nowMs();
    const known = this.#buckets.get(key);
    if (known === undefined) {
      const fresh = { tokens: this.#rule.burst, atMs: nowMs };
      this.#buckets.set(key, fresh);
      return fresh;
    }
    known.tokens = Math.min(this.#rule.burst, known.tokens + (nowMs - known.atMs) / this.#rule.refillMs);
    known.atMs = nowMs;
    return known;
  }
}
