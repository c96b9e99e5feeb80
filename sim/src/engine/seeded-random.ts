/** Randomness from a seed. Forks are named, so that taking one part of a run away leaves the draws of the others as they were. */
import { hash } from "node:crypto";
import type { Bytes, Random } from "@hawser/base";

export class SeededRandom implements Random {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: string) {
    this.#seed = seed;
    const digest = hash("sha256", seed, "buffer");
    [this.#a, this.#b, this.#c] = [digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8)];
  }

  fork(label: string): SeededRandom {
    return new SeededRandom(`${this.#seed}/${label}`);
  }

  /** sfc32, by Chris Doty-Humphrey (PractRand): 32 uniform bits. */
  u32(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** Uniform in [0, 1). */
  fraction(): number {
    return this.u32() / 0x1_0000_0000;
  }

  /** Uniform in [0, below). */
  below(below: number): number {
    return Math.floor(this.fraction() * below);
  }

  between(low: number, high: number): number {
    return low + this.fraction() * (high - low);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  bytes(sizeBytes: number): Bytes {
    const out = new Uint8Array(sizeBytes);
    for (let at = 0; at < sizeBytes; at += 4) {
      const word = this.u32();
      for (let i = at; i < Math.min(at + 4, sizeBytes); i++) out[i] = word >>> ((i - at) * 8);
    }
    return out;
  }
}
