/** Writes fixed-layout binary formats: big-endian integers and length-prefixed byte strings. Grows as needed. */
import { assert, type Bytes } from "@hawser/base";

const START_SIZE_BYTES = 512;

export class ByteWriter {
  #bytes: Bytes;
  #view: DataView;
  #length = 0;

  constructor(sizeHintBytes = START_SIZE_BYTES) {
    this.#bytes = new Uint8Array(sizeHintBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  u8(value: number): this {
    const at = this.#take(1, value, 0xff);
    this.#bytes[at] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.#take(2, value, 0xffff);
    this.#view.setUint16(at, value);
    return this;
  }

  u32(value: number): this {
    const at = this.#take(4, value, 0xffff_ffff);
    this.#view.setUint32(at, value);
    return this;
  }

  /** An integer of 0 … 2^53 − 1 in eight bytes. */
  u53(value: number): this {
    const at = this.#take(8, value, Number.MAX_SAFE_INTEGER);
    this.#view.setUint32(at, Math.floor(value / 0x1_0000_0000));
    this.#view.setUint32(at + 4, value >>> 0);
    return this;
  }

  raw(bytes: Bytes): this {
    const at = this.#take(bytes.length, 0, 0);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** A byte string behind its 32-bit length. */
  block(bytes: Bytes): this {
    return this.u32(bytes.length).raw(bytes);
  }

  /** Exactly the bytes written. The caller owns them; the writer must not be used again. */
  finish(): Bytes {
    const out = this.#bytes.slice(0, this.#length);
    this.#bytes.fill(0);
    return out;
  }

  /** May replace the buffer and its view: ask for the place before touching either. */
  #take(sizeBytes: number, value: number, max: number): number {
    assert(Number.isInteger(value) && value >= 0 && value <= max, "integer out of range");
    const at = this.#length;
    this.#length += sizeBytes;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      grown.set(this.#bytes);
      // The smaller buffer held secrets; do not leave a copy behind.
      this.#bytes.fill(0);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}
