/** A map that forgets what was used longest ago. Invariant: it never holds more than `maxEntries`. */
import { assert } from "@hawser/base";

export class RecentMap<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #maxEntries: number;
  /** Stands before the oldest entry, always: what it has passed was forgotten or used again. Starting anew would walk over the gaps. */
  #oldest: Iterator<K>;

  constructor(maxEntries: number) {
    assert(maxEntries >= 1, "a bound is positive");
    this.#maxEntries = maxEntries;
    this.#oldest = this.#entries.keys();
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Looks up and marks as used. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#maxEntries) return;
    let oldest = this.#oldest.next();
    if (oldest.done === true) {
      this.#oldest = this.#entries.keys();
      oldest = this.#oldest.next();
    }
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }

  delete(key: K): boolean {
    return this.#entries.delete(key);
  }
}
