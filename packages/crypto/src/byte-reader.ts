/**
 * Reads what `ByteWriter` wrote. Never throws: the first read beyond the end marks the reader as failed, later reads give
 * zeros and empty arrays, and `finish()` says once whether everything fitted exactly.
 */
import type { Bytes } from "@hawser/base";

export class ByteReader {
  readonly #bytes: Bytes;
  readonly #view: DataView;
  #at = 0;
  #failedAt: number | undefined;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(): number {
    const at = this.#take(1);
    return at < 0 ? 0 : this.#bytes[at]!;
  }

  u16(): number {
    const at = this.#take(2);
    return at < 0 ? 0 : this.#view.getUint16(at);
  }

  u32(): number {
    const at = this.#take(4);
    return at < 0 ? 0 : this.#view.getUint32(at);
  }

  u53(): number {
    const high = this.u32();
    const low = this.u32();
    if (high > 0x1f_ffff) this.fail();
    return high * 0x1_0000_0000 + low;
  }

  /** A copy of the next bytes; the caller owns it. */
  raw(sizeBytes: number): Bytes {
    const at = this.#take(sizeBytes);
    return at < 0 ? new Uint8Array(0) : this.#bytes.slice(at, at + sizeBytes);
  }

  /** A copy of the next length-prefixed byte string of at most `maxSizeBytes`. */
  block(maxSizeBytes: number): Bytes {
    const size = this.u32();
    if (size > maxSizeBytes) this.fail();
    return this.failed ? new Uint8Array(0) : this.raw(size);
  }

  /** Marks the input as malformed at the current place. */
  fail(): void {
    this.#failedAt ??= this.#at;
  }

  get failed(): boolean {
    return this.#failedAt !== undefined;
  }

  /** The offset of the first fault, or `undefined` when every byte was read and nothing was wrong. */
  finish(): number | undefined {
    if (this.#at !== this.#bytes.length) this.fail();
    return this.#failedAt;
  }

  #take(sizeBytes: number): number {
    if (this.failed) return -1;
    if (sizeBytes > this.#bytes.length - this.#at) {
      this.fail();
      return -1;
    }
    const at = this.#at;
    this.#at += sizeBytes;
    return at;
  }
}
