/**
 * WebSocket frames as clients send them, out of a stream of chunks (RFC 6455, section 5). Invariants: what is not a masked frame without
 * extensions is a violation and ends the reading; no more is kept than has come, and never more than the largest message; a whole
 * message in one chunk, which is nearly every one, is unmasked where it lies and handed on without a copy.
 */
import type { Bytes } from "@hawser/base";
import { FINAL, LENGTH_IN_16_BITS, LENGTH_IN_64_BITS, MAX_CONTROL_BYTES, OPCODES } from "./frame-writer.ts";

export const CLOSE_PROTOCOL_ERROR = 1002;
export const CLOSE_TOO_LARGE = 1009;

/** Hears what comes. Bytes are the listener's for as long as it likes. */
export interface FrameListener {
  message(data: Bytes, isBinary: boolean): void;
  control(opcode: number, payload: Bytes): void;
  /** Nothing is read after it. */
  violation(closeCode: number): void;
}

const RESERVED = 0x70;
const OPCODE = 0x0f;
const CONTROL = 0x08;
const MASKED = 0x80;
const MASK_BYTES = 4;
const FIRST_CAPACITY_BYTES = 1_024;
const NOTHING: Buffer = Buffer.alloc(0);

/** Grows with what comes, not with what was announced. */
class Assembly {
  #bytes = new Uint8Array(FIRST_CAPACITY_BYTES);
  sizeBytes = 0;

  add(source: Bytes): void {
    const needed = this.sizeBytes + source.length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, this.sizeBytes));
      this.#bytes = grown;
    }
    this.#bytes.set(source, this.sizeBytes);
    this.sizeBytes = needed;
  }

  contents(): Bytes {
    return this.#bytes.subarray(0, this.sizeBytes);
  }
}

/** A frame whose payload has not come whole, or a part of a message in several frames. */
interface FrameUnderWay {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly mask: Bytes;
  /** How much of the payload was there already: where in the mask it goes on. */
  come: number;
  readonly sizeBytes: number;
  readonly into: Assembly;
}

export class FrameReader {
  readonly #maxMessageBytes: number;
  /** The beginning of a header. */
  #rest: Buffer | undefined;
  #frame: FrameUnderWay | undefined;
  /** The parts so far of a message in several frames. */
  #message: { readonly isBinary: boolean; readonly parts: Assembly } | undefined;
  #ended = false;

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Takes the chunk over: its bytes are changed. */
  read(data: Buffer, listener: FrameListener): void {
    let chunk = data;
    if (this.#rest !== undefined) {
      chunk = Buffer.concat([this.#rest, data]);
      this.#rest = undefined;
    }
    let at = 0;
    while (at < chunk.length && !this.#ended) {
      const next = this.#frame === undefined ? this.#begin(chunk, at, listener) : this.#proceed(this.#frame, chunk, at, listener);
      if (next < 0) {
        // A copy: a few bytes must not pin the chunk.
        this.#rest = Buffer.from(chunk.subarray(at));
        return;
      }
      at = next;
    }
  }

  /** Nothing more is of interest, e.g. after the peer's Close. */
  end(): void {
    this.#ended = true;
    this.#rest = this.#frame = this.#message = undefined;
  }

  /** Reads a header, and the payload too when it is there. Returns where the next frame begins, or -1 when the header is not whole. */
  #begin(chunk: Buffer, at: number, listener: FrameListener): number {
    if (chunk.length - at < 2) return -1;
    const first = chunk[at]!;
    const short = chunk[at + 1]! & ~MASKED;
    if (!this.#isAllowed(first, chunk[at + 1]!)) return this.#refuse(CLOSE_PROTOCOL_ERROR, listener, chunk);
    const lengthBytes = short < LENGTH_IN_16_BITS ? 0 : short === LENGTH_IN_64_BITS ? 8 : 2;
    const maskAt = at + 2 + lengthBytes;
    const payloadAt = maskAt + MASK_BYTES;
    if (chunk.length < payloadAt) return -1;
    const sizeBytes =
      lengthBytes === 0
        ? short
        : lengthBytes === 2
          ? chunk.readUInt16BE(at + 2)
          : chunk.readUInt32BE(at + 2) * 2 ** 32 + chunk.readUInt32BE(at + 6);
    const opcode = first & OPCODE;
    const isControl = (opcode & CONTROL) !== 0;
    if (!isControl && sizeBytes + (this.#message?.parts.sizeBytes ?? 0) > this.#maxMessageBytes)
      return this.#refuse(CLOSE_TOO_LARGE, listener, chunk);
    const isFinal = (first & FINAL) !== 0;
    const end = payloadAt + sizeBytes;
    if (end <= chunk.length && isFinal && opcode !== OPCODES.continuation) {
      unmask(chunk, payloadAt, end, chunk, maskAt, 0);
      // Plain bytes: a `Buffer` is a `Uint8Array` whose `slice` does not copy.
      const payload = new Uint8Array(chunk.buffer, chunk.byteOffset + payloadAt, sizeBytes);
      if (isControl) listener.control(opcode, payload);
      else listener.message(payload, opcode === OPCODES.binary);
      return end;
    }
    if (!isControl && opcode !== OPCODES.continuation) this.#message = { isBinary: opcode === OPCODES.binary, parts: new Assembly() };
    const into = isControl ? new Assembly() : this.#message!.parts;
    const mask = Uint8Array.from(chunk.subarray(maskAt, payloadAt));
    const frame: FrameUnderWay = { opcode, isFinal, mask, come: 0, sizeBytes, into };
    this.#frame = frame;
    return sizeBytes === 0 ? this.#proceed(frame, NOTHING, payloadAt, listener) : payloadAt;
  }

  /** The first two bytes of a frame, here and now. */
  #isAllowed(first: number, second: number): boolean {
    const opcode = first & OPCODE;
    if ((first & RESERVED) !== 0 || (second & MASKED) === 0) return false;
    if ((opcode & CONTROL) !== 0) return opcode <= OPCODES.pong && (first & FINAL) !== 0 && (second & ~MASKED) <= MAX_CONTROL_BYTES;
    if (opcode === OPCODES.continuation) return this.#message !== undefined;
    return opcode <= OPCODES.binary && this.#message === undefined;
  }

  /** Takes what there is of a payload; returns where the next frame begins. */
  #proceed(frame: FrameUnderWay, chunk: Buffer, at: number, listener: FrameListener): number {
    const end = Math.min(chunk.length, at + frame.sizeBytes - frame.come);
    if (end > at) {
      unmask(chunk, at, end, frame.mask, 0, frame.come);
      frame.into.add(chunk.subarray(at, end));
      frame.come += end - at;
    }
    if (frame.come < frame.sizeBytes) return end;
    this.#frame = undefined;
    if ((frame.opcode & CONTROL) !== 0) listener.control(frame.opcode, frame.into.contents());
    else if (frame.isFinal) {
      const { isBinary, parts } = this.#message!;
      this.#message = undefined;
      listener.message(parts.contents(), isBinary);
    }
    return Math.max(at, end);
  }

  #refuse(closeCode: number, listener: FrameListener, chunk: Buffer): number {
    this.end();
    listener.violation(closeCode);
    return chunk.length;
  }
}

/** In place, from `at` to `end`; `phase` is how many bytes of the same payload came before. */
function unmask(bytes: Bytes, at: number, end: number, mask: Bytes, maskAt: number, phase: number): void {
  const a = mask[maskAt + (phase & 3)]!;
  const b = mask[maskAt + ((phase + 1) & 3)]!;
  const c = mask[maskAt + ((phase + 2) & 3)]!;
  const d = mask[maskAt + ((phase + 3) & 3)]!;
  let i = at;
  for (const whole = end - 3; i < whole; i += 4) {
    bytes[i]! ^= a;
    bytes[i + 1]! ^= b;
    bytes[i + 2]! ^= c;
    bytes[i + 3]! ^= d;
  }
  if (i < end) bytes[i]! ^= a;
  if (i + 1 < end) bytes[i + 1]! ^= b;
  if (i + 2 < end) bytes[i + 2]! ^= c;
}
