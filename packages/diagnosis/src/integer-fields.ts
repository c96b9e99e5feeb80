/**
 * The integers of a protobuf message, by field number (https://protobuf.dev/programming-guides/encoding). A page that looks at one greeting
 * need not load what reads every message. Invariant: what is not well formed gives nothing.
 */
const WIRE_VARINT = 0;
const WIRE_I64 = 1;
const WIRE_LENGTH = 2;
const WIRE_I32 = 5;
const MAX_VARINT_BYTES = 10;

/** `undefined` when malformed. A field that occurs twice has its last value; values beyond 2^53 lose precision. */
export function readIntegerFields(bytes: Uint8Array): ReadonlyMap<number, number> | undefined {
  const fields = new Map<number, number>();
  let at = 0;
  const varint = (): number | undefined => {
    let value = 0;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      const byte = bytes[at++];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  while (at < bytes.length) {
    const tag = varint();
    if (tag === undefined) return undefined;
    const kind = tag % 8;
    if (kind === WIRE_VARINT) {
      const value = varint();
      if (value === undefined) return undefined;
      fields.set(Math.floor(tag / 8), value);
    } else if (kind === WIRE_LENGTH) {
      const size = varint();
      if (size === undefined) return undefined;
      at += size;
    } else if (kind === WIRE_I64) at += 8;
    else if (kind === WIRE_I32) at += 4;
    else return undefined;
  }
  return at === bytes.length ? fields : undefined;
}
