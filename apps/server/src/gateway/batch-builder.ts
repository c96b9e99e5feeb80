/**
 * Builds the one BATCH frame that a socket gets per flush, by copying stored bytes without decoding them.
 * docs/PROTOCOL.md, "Hot frames". Invariant: a delivery is whole or absent, and one always fits.
 */
import type { Bytes } from "@hawser/base";
import { FRAME_TYPES, HOT_LAYOUT, MAX_BODY_BYTES, MAX_CAPSULE_BYTES, MAX_SENDS_UNDER_WAY } from "@hawser/wire";
import { type CopySink, DELIVERY_HEAD_BYTES, readU16, readU32 } from "@hawser/relay";
import { SLICE_BYTES } from "./gateway-limits.ts";

const ACKS_BYTES = HOT_LAYOUT.batchHeadBytes + MAX_SENDS_UNDER_WAY * HOT_LAYOUT.ackBytes + HOT_LAYOUT.deliveryCountBytes;
const LARGEST_DELIVERY_BYTES = 8 + DELIVERY_HEAD_BYTES + 2 + MAX_CAPSULE_BYTES + 4 + MAX_BODY_BYTES;

export class BatchBuilder implements CopySink {
  readonly #scratch = Buffer.allocUnsafeSlow(ACKS_BYTES + SLICE_BYTES + LARGEST_DELIVERY_BYTES);
  #at = 0;
  #countAt = 0;
  #acks = 0;
  deliveries = 0;

  /** The first `count` of the requests are acknowledged, at most MAX_SENDS_UNDER_WAY. */
  begin(requests: readonly number[], count: number): void {
    const out = this.#scratch;
    out[0] = FRAME_TYPES.batch;
    let at = out.writeUInt16BE(count, 1);
    for (let i = 0; i < count; i++) at = out.writeUInt32BE(requests[i]!, at);
    this.#acks = count;
    this.#countAt = at;
    this.#at = at + HOT_LAYOUT.deliveryCountBytes;
    this.deliveries = 0;
  }

  add(sequence: number, source: Uint8Array, headAt: number, capsuleAt: number, bodyAt: number): boolean {
    const capsuleBytes = 2 + readU16(source, capsuleAt);
    const bodyBytes = 4 + readU32(source, bodyAt);
    const size = 8 + DELIVERY_HEAD_BYTES + capsuleBytes + bodyBytes;
    if (this.deliveries > 0 && this.#at - this.#countAt + size > SLICE_BYTES) return false;
    const out = this.#scratch;
    let at = out.writeUInt32BE(Math.floor(sequence / 0x1_0000_0000), this.#at);
    at = out.writeUInt32BE(sequence >>> 0, at);
    for (let i = 0; i < DELIVERY_HEAD_BYTES; i++) out[at + i] = source[headAt + i]!;
    at += DELIVERY_HEAD_BYTES;
    out.set(source.subarray(capsuleAt, capsuleAt + capsuleBytes), at);
    at += capsuleBytes;
    out.set(source.subarray(bodyAt, bodyAt + bodyBytes), at);
    this.#at = at + bodyBytes;
    this.deliveries++;
    return true;
  }

  /** The frame, valid until the next `begin`; `undefined` when there is nothing to say. */
  finish(): Bytes | undefined {
    if (this.#acks === 0 && this.deliveries === 0) return undefined;
    this.#scratch.writeUInt16BE(this.deliveries, this.#countAt);
    return this.#scratch.subarray(0, this.#at);
  }
}
