/**
 * The little of protobuf's wire format that pair messages need: 32-bit varints and byte strings. Hand-written because the
 * MAC covers the exact bytes, and because a first message must be parsed before anything in it is trusted.
 * Source: protobuf.dev, "Encoding".
 */
import { assert, type Bytes, err, ok, type Result } from "@hawser/base";
import type { PairError } from "./pair-error.ts";

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;
/** A varint of 64 bits has ten bytes at most. */
const MAX_VARINT_SIZE_BYTES = 10;
/** Fields in one message, unknown ones included. */
const MAX_FIELDS = 64;

export interface ProtoFields {
  readonly numbers: ReadonlyMap<number, number>;
  readonly bytes: ReadonlyMap<number, Bytes>;
}

export type ProtoField = readonly [number: number, value: number | Bytes | undefined];

/** Writes `version ‖ fields`; a field whose value is `undefined` is left out. Field numbers are 1 … 15. */
export function writeProto(version: number, fields: readonly ProtoField[]): Bytes {
  let size = 1;
  for (const [, value] of fields) {
    if (typeof value === "number") size += 1 + varintSize(value);
    else if (value !== undefined) size += 1 + varintSize(value.length) + value.length;
  }
  const out = new Uint8Array(size);
  out[0] = version;
  let at = 1;
  const varint = (value: number): void => {
    let rest = value;
    while (rest > 0x7f) {
      out[at++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 128);
    }
    out[at++] = rest;
  };
  for (const [number, value] of fields) {
    if (value === undefined) continue;
    if (typeof value === "number") {
      varint((number << 3) | VARINT);
      varint(value);
    } else {
      varint((number << 3) | LENGTH_DELIMITED);
      varint(value.length);
      out.set(value, at);
      at += value.length;
    }
  }
  assert(at === size, "protobuf size was computed wrongly");
  return out;
}

/** Reads the fields from `start` to the end. The byte strings are views of `bytes`; the last of a repeated field wins. */
export function readProtoFields(bytes: Bytes, start: number): Result<ProtoFields, PairError> {
  const numbers = new Map<number, number>();
  const strings = new Map<number, Bytes>();
  let at = start;
  let broken = false;
  const varint = (): number => {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < MAX_VARINT_SIZE_BYTES; i++) {
      const byte = bytes[at];
      if (byte === undefined) break;
      at++;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    broken = true;
    return 0;
  };
  for (let count = 0; at < bytes.length; count++) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (broken || number === 0 || number > 0x1fff_ffff || count >= MAX_FIELDS) return err({ kind: "malformed-message", offset: at });
    if (wireType === VARINT) {
      const value = varint();
      if (value <= 0xffff_ffff) numbers.set(number, value);
      else if (number < 16) broken = true;
    } else if (wireType === LENGTH_DELIMITED) {
      const size = varint();
      if (size > bytes.length - at) broken = true;
      else {
        strings.set(number, bytes.subarray(at, at + size));
        at += size;
      }
    } else if (wireType === FIXED64 || wireType === FIXED32) {
      at += wireType === FIXED64 ? 8 : 4;
      if (at > bytes.length) broken = true;
    } else broken = true;
    if (broken) return err({ kind: "malformed-message", offset: Math.min(at, bytes.length) });
  }
  return ok({ numbers, bytes: strings });
}

function varintSize(value: number): number {
  assert(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff, "varint out of range");
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size++;
  return size;
}
