/**
 * OpenSSL verifies under any key that decodes. The contract of `Primitives` is stricter: no key of small order (every message
 * would verify under it) and no second encoding of a point. Sources: RFC 8032 §5.1.3; "Taming the many EdDSAs" (2020), table 1.
 */
import { type Bytes, toHex } from "@hawser/base";

const KEY_SIZE_BYTES = 32;
/** The canonical encodings of the eight points of small order; two of them differ in the sign bit only. */
const SMALL_ORDER = new Set([
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]);

export function isUsableEd25519Key(publicKey: Bytes): boolean {
  return publicKey.length === KEY_SIZE_BYTES && isCanonical(publicKey) && !SMALL_ORDER.has(toHex(publicKey));
}

/** y < p = 2^255 − 19, and no sign bit on a point whose x is zero (y = ±1). */
function isCanonical(publicKey: Bytes): boolean {
  const top = publicKey[31]! & 0x7f;
  const middleIsFull = publicKey.subarray(1, 31).every((byte) => byte === 0xff);
  if (top === 0x7f && middleIsFull && publicKey[0]! >= 0xed) return false;
  const minusOne = top === 0x7f && middleIsFull && publicKey[0] === 0xec;
  const one = top === 0 && publicKey[0] === 1 && publicKey.subarray(1, 31).every((byte) => byte === 0);
  return (publicKey[31]! & 0x80) === 0 || !(minusOne || one);
}
