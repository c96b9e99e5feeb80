/**
 * Where the undelivered messages of one mailbox lie in the block log: 12 bytes each. Invariant: sequence numbers in a ring
 * are consecutive, so only the first is kept.
 */
import { assert } from "@hawser/base";

const FIRST_CAPACITY = 4;

export class PositionRing {
  #positions = new Float64Array(FIRST_CAPACITY);
  #sizes = new Uint32Array(FIRST_CAPACITY);
  #head = 0;
  count = 0;
  firstSequence = 0;

  get lastSequence(): number {
    return this.firstSequence + this.count - 1;
  }

  push(sequence: number, position: number, sizeBytes: number): void {
    if (this.count === 0) this.firstSequence = sequence;
    assert(sequence === this.firstSequence + this.count, "a mailbox's sequence numbers have a gap");
    if (this.count === this.#positions.length) this.#grow();
    const slot = (this.#head + this.count) & (this.#positions.length - 1);
    this.#positions[slot] = position;
    this.#sizes[slot] = sizeBytes;
    this.count++;
  }

  position(sequence: number): number {
    return this.#positions[this.#slot(sequence)]!;
  }

  size(sequence: number): number {
    return this.#sizes[this.#slot(sequence)]!;
  }

  /** Forgets the first entry. */
  shift(): void {
    assert(this.count > 0, "the ring is empty");
    this.#head = (this.#head + 1) & (this.#positions.length - 1);
    this.count--;
    this.firstSequence++;
  }

  #slot(sequence: number): number {
    const index = sequence - this.firstSequence;
    assert(index >= 0 && index < this.count, "the sequence number is not in the ring");
    return (this.#head + index) & (this.#positions.length - 1);
  }

  #grow(): void {
    const capacity = this.#positions.length * 2;
    const positions = new Float64Array(capacity);
    const sizes = new Uint32Array(capacity);
    for (let i = 0; i < this.count; i++) {
      const slot = (this.#head + i) & (this.#positions.length - 1);
      positions[i] = this.#positions[slot]!;
      sizes[i] = this.#sizes[slot]!;
    }
    this.#positions = positions;
    this.#sizes = sizes;
    this.#head = 0;
  }
}
