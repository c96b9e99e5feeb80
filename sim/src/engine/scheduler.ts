/**
 * The one clock of a simulated world, and the order of everything in it. Invariants: events run in the order of their time, those of
 * one moment in the order they were asked for; between two events every promise that can settle has settled.
 */

/** 15 January 2027: any moment will do, as long as it is the same. */
export const WORLD_STARTS_MS = 1_800_000_000_000;

interface Entry {
  atMs: number;
  readonly order: number;
  callback: (() => void) | undefined;
}

const before = (a: Entry, b: Entry): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
/** Runs after all microtasks, those that microtasks made included. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Scheduler {
  readonly #heap: Entry[] = [];
  #order = 0;
  #nowMs = WORLD_STARTS_MS;
  events = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** The result cancels it. */
  after(delayMs: number, callback: () => void): () => void {
    const entry: Entry = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#push(entry);
    return () => {
      entry.callback = undefined;
    };
  }

  /** Lets the world run for so long, or until `stop` says so. */
  async run(durationMs: number, stop: () => boolean = () => false): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    await settled();
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > endMs || stop()) break;
      this.#pop();
      const { callback } = next;
      if (callback === undefined) continue;
      this.#nowMs = next.atMs;
      this.events++;
      callback();
      await settled();
    }
    if (!stop()) this.#nowMs = endMs;
  }

  /** Lets the world run for as long as this takes: for no time when it takes none. */
  async until(promise: Promise<unknown>): Promise<void> {
    let isOver = false;
    const over = promise.finally(() => (isOver = true));
    await settled();
    while (!isOver) await this.run(1);
    await over;
  }

  /** So much time passes in which nothing happens: what was due comes due as much later. */
  leap(durationMs: number): void {
    this.#nowMs += durationMs;
    for (const entry of this.#heap) entry.atMs += durationMs;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}
