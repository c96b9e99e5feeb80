/** Writes the hand-written frames into one buffer whose size was computed before. All integers are big endian. */
import { assert, type Bytes } from "@hawser/base";

export class HotWriter {
  readonly bytes: Bytes;
  #at = 0;

  constructor(sizeBytes: number) {
    this.bytes = new Uint8Array(sizeBytes);
  }

  u8(value: number): void {
    assert(Number.isInteger(value) && value >= 0 && value <= 0xff, "a byte is out of range");
    this.bytes[this.#at++] = value;
  }

  u16(value: number): void {
    assert(Number.isInteger(value) && value >= 0 && value <= 0xffff, "a u16 is out of range");
    this.bytes[this.#at++] = value >>> 8;
    this.bytes[this.#at++] = value;
  }

  u32(value: number): void {
    assert(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff, "a u32 is out of range");
    const { bytes } = this;
    bytes[this.#at++] = value >>> 24;
    bytes[this.#at++] = value >>> 16;
    bytes[this.#at++] = value >>> 8;
    bytes[this.#at++] = value;
  }

  u64(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, "a u64 is out of range");
    this.u32(Math.floor(value / 0x1_0000_0000));
    this.u32(value % 0x1_0000_0000);
  }

  raw(bytes: Bytes): void {
    this.bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  finish(): Bytes {
    assert(this.#at === this.bytes.length, "a frame's size was computed wrongly");
    return this.bytes;
  }
}
