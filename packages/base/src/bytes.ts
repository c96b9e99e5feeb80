/** Byte arrays: comparison, joining and text forms. All functions return fresh arrays. */
export type Bytes = Uint8Array;

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder("utf-8", { fatal: true });

export const utf8 = (text: string): Bytes => textEncoder.encode(text);

/** Decodes UTF-8; `undefined` when the bytes are not valid UTF-8. */
export function fromUtf8(bytes: Bytes): string | undefined {
  try {
    return textDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}

export function concat(...parts: readonly Bytes[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Compares without an early exit. JavaScript cannot promise constant time (docs/THREAT-MODEL.md). */
export function equalBytes(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

/** Lexicographic order of unsigned bytes: negative, zero or positive. */
export function compareBytes(a: Bytes, b: Bytes): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function toHex(bytes: Bytes): string {
  let out = "";
  for (const byte of bytes) out += HEX[byte]!;
  return out;
}

/** Parses lower- or upper-case hexadecimal; `undefined` when malformed. */
export function fromHex(text: string): Bytes | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return out;
}

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** RFC 4648 §5 without padding. */
export const toBase64Url = (bytes: Bytes): string => encodeBits(bytes, BASE64URL, 6);
/** RFC 4648 §5 without padding; `undefined` for any other alphabet or for non-zero trailing bits. */
export const fromBase64Url = (text: string): Bytes | undefined => decodeBits(text, BASE64URL, 6);
/** RFC 4648 §6 in lower case without padding. */
export const toBase32 = (bytes: Bytes): string => encodeBits(bytes, BASE32, 5);
/** RFC 4648 §6 in lower case without padding; `undefined` when malformed or not canonical. */
export const fromBase32 = (text: string): Bytes | undefined => decodeBits(text, BASE32, 5);

function encodeBits(bytes: Bytes, alphabet: string, bits: number): string {
  const mask = (1 << bits) - 1;
  // Written as bytes: a text put together letter by letter stays a tree of its pieces, twenty times its size.
  const out = new Uint8Array(Math.ceil((bytes.length * 8) / bits));
  let buffer = 0;
  let held = 0;
  let at = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xffff;
    held += 8;
    while (held >= bits) {
      held -= bits;
      out[at++] = alphabet.charCodeAt((buffer >> held) & mask);
    }
  }
  if (held > 0) out[at] = alphabet.charCodeAt((buffer << (bits - held)) & mask);
  return textDecoder.decode(out);
}

function decodeBits(text: string, alphabet: string, bits: number): Bytes | undefined {
  const out = new Uint8Array(Math.floor((text.length * bits) / 8));
  if (Math.ceil((out.length * 8) / bits) !== text.length) return undefined;
  let buffer = 0;
  let held = 0;
  let at = 0;
  for (const character of text) {
    const value = alphabet.indexOf(character);
    if (value < 0) return undefined;
    buffer = ((buffer << bits) | value) & 0xffff;
    held += bits;
    if (held >= 8) {
      held -= 8;
      out[at++] = (buffer >> held) & 0xff;
    }
  }
  return (buffer & ((1 << held) - 1)) === 0 ? out : undefined;
}
