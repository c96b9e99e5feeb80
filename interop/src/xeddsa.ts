/**
 * XEdDSA (signal.org/docs/specifications/xeddsa §3): Ed25519 signatures by X25519 keys, which libsignal's prekeys carry.
 * Hawser itself does not use it: its devices have a signing key of their own.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, equalBytes } from "../../packages/base/src/index.ts";

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;
const PRIME = Point.Fp.ORDER;
/** 2^256 − 2 in little-endian: the prefix of the specification's hash_1. */
const HASH_1_PREFIX = new Uint8Array(32).fill(0xff).fill(0xfe, 0, 1);

const toInteger = (bytes: Bytes): bigint => bytes.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);

function toBytes(value: bigint): Bytes {
  const out = new Uint8Array(32);
  for (let i = 0, rest = value; i < 32; i++, rest >>= 8n) out[i] = Number(rest & 255n);
  return out;
}

/** `random` is 64 fresh bytes. */
export function xeddsaSign(secretKey: Bytes, message: Bytes, random: Bytes): Bytes {
  const clamped = secretKey.slice();
  clamped[0]! &= 248;
  clamped[31] = (clamped[31]! & 127) | 64;
  const secret = toInteger(clamped) % ORDER;
  const publicPoint = Point.BASE.multiply(secret);
  const negative = (publicPoint.toBytes()[31]! & 0x80) !== 0;
  const scalar = negative ? ORDER - secret : secret;
  const publicKey = (negative ? publicPoint.negate() : publicPoint).toBytes();
  const nonce = toInteger(sha512(concat(HASH_1_PREFIX, toBytes(scalar), message, random))) % ORDER;
  const commitment = Point.BASE.multiply(nonce).toBytes();
  const challenge = toInteger(sha512(concat(commitment, publicKey, message))) % ORDER;
  return concat(commitment, toBytes((nonce + challenge * scalar) % ORDER));
}

/** Takes the sign of the Edwards point from the signature's last bit, where deployed implementations put it. */
export function xeddsaVerify(publicKey: Bytes, message: Bytes, signature: Bytes): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const u = toInteger(publicKey) % (1n << 255n);
  if (u >= PRIME) return false;
  const y = Point.Fp.mul(Point.Fp.sub(u, 1n), Point.Fp.inv(Point.Fp.add(u, 1n)));
  const encoded = toBytes(y);
  encoded[31]! |= signature[63]! & 0x80;
  const scalarBytes = signature.slice(32);
  scalarBytes[31]! &= 0x7f;
  const scalar = toInteger(scalarBytes);
  if (scalar >= ORDER) return false;
  try {
    const key = Point.fromBytes(encoded);
    const commitment = signature.subarray(0, 32);
    const challenge = toInteger(sha512(concat(commitment, encoded, message))) % ORDER;
    const expected = Point.BASE.multiplyUnsafe(scalar).subtract(key.multiplyUnsafe(challenge));
    return equalBytes(expected.toBytes(), commitment);
  } catch {
    return false;
  }
}
