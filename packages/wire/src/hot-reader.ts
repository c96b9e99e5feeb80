/**
 * Reads the hand-written frames. Invariant: no byte is read before its presence was checked, and after the first failure
 * every read gives zero or nothing, so that a decoder may check `failure` once per record instead of once per field.
 */
import type { Bytes } from "@hawser/base";
import type { FrameError, FrameErrorKind } from "./frame-error.ts";

const NOTHING: Bytes = new Uint8Array(0);
/** The high half of 2^53 − 1: anything above it cannot be a number of this protocol. */
const MAX_HIGH_HALF = 0x1f_ffff;

export class HotReader {
  readonly #bytes: Bytes;
  #at: number;
  failure: FrameError | undefined = undefined;

  constructor(bytes: Bytes, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get offset(): number {
    return this.#at;
  }

  fail(kind: FrameErrorKind, offset: number = this.#at): void {
    this.failure ??= { kind, offset };
  }

  /** Everything was read: bytes left over are refused. */
  finish(): FrameError | undefined {
    if (this.failure === undefined && this.#at !== this.#bytes.length) this.fail("trailing-bytes");
    return this.failure;
  }

  #has(sizeBytes: number): boolean {
    if (this.failure !== undefined) return false;
    if (this.#at + sizeBytes <= this.#bytes.length) return true;
    this.fail("truncated");
    return false;
  }

  u8(): number {
    return this.#has(1) ? this.#bytes[this.#at++]! : 0;
  }

  u16(): number {
    if (!this.#has(2)) return 0;
    const at = this.#at;
    this.#at = at + 2;
    return (this.#bytes[at]! << 8) | this.#bytes[at + 1]!;
  }

  u32(): number {
    if (!this.#has(4)) return 0;
    const bytes = this.#bytes;
    const at = this.#at;
    this.#at = at + 4;
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  }

  /** An unsigned 64-bit number; one above 2^53 − 1 is malformed. */
  u64(): number {
    const at = this.#at;
    const high = this.u32();
    const low = this.u32();
    if (high > MAX_HIGH_HALF) this.fail("malformed", at);
    return high * 0x1_0000_0000 + low;
  }

  /** A view into the frame, not a copy: valid as long as the frame's buffer is left alone. */
  view(sizeBytes: number): Bytes {
    if (!this.#has(sizeBytes)) return NOTHING;
    const at = this.#at;
    this.#at = at + sizeBytes;
    return this.#bytes.subarray(at, at + sizeBytes);
  }
}
