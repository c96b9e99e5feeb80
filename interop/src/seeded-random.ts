/** Random bytes that repeat with their seed. For tests only. */
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, type Random, utf8 } from "../../packages/base/src/index.ts";

export interface SeededRandom extends Random {
  /** An integer of 0 … bound − 1. */
  below(bound: number): number;
}

export function seededRandom(seed: string): SeededRandom {
  const key = sha256(utf8(seed));
  let counter = 0;
  let pool: Bytes = new Uint8Array(0);
  const bytes = (sizeBytes: number): Bytes => {
    while (pool.length < sizeBytes) pool = concat(pool, sha256(concat(key, utf8(String(counter++)))));
    const out = pool.slice(0, sizeBytes);
    pool = pool.slice(sizeBytes);
    return out;
  };
  return { bytes, below: (bound) => new DataView(bytes(4).buffer).getUint32(0) % bound };
}
