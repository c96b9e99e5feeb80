/**
 * The primitives in plain JavaScript, for every platform: the audited `@noble` packages behind the port of `@hawser/base`.
 * Native implementations of the same port give the same bytes; `primitives.suite.ts` holds both to the official vectors.
 */
import { type Bytes, concat, equalBytes, type Primitives } from "@hawser/base";
import { cbc, gcm } from "@noble/ciphers/aes.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { ml_kem1024 } from "@noble/post-quantum/ml-kem.js";

/** noble refuses malformed and low-order input by throwing; at this border that is an ordinary "no". */
function orUndefined<T>(body: () => T): T | undefined {
  try {
    return body();
  } catch {
    return undefined;
  }
}

const { Point } = ed25519;
const littleEndian = (bytes: Bytes): bigint => bytes.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);

/**
 * RFC 8032 §5.1.7 with the equation that has no cofactor, and no keys of small order: exactly the verdicts of OpenSSL behind
 * the checks of `io-node`. noble's own `verify` multiplies by the cofactor, so a crafted key could have made a phone
 * and a server disagree about one signature.
 */
function verifyEd25519(publicKey: Bytes, message: Bytes, signature: Bytes): boolean {
  if (signature.length !== 64) return false;
  const key = Point.fromBytes(publicKey);
  if (key.isSmallOrder()) return false;
  const commitment = signature.subarray(0, 32);
  const scalar = littleEndian(signature.subarray(32));
  if (scalar >= Point.Fn.ORDER) return false;
  const challenge = littleEndian(sha512(concat(commitment, publicKey, message))) % Point.Fn.ORDER;
  const expected = Point.BASE.multiplyUnsafe(scalar).subtract(key.multiplyUnsafe(challenge));
  return equalBytes(expected.toBytes(), commitment);
}

export const purePrimitives: Primitives = Object.freeze({
  sha256: (data: Bytes) => sha256(data),
  sha512: (data: Bytes) => sha512(data),
  hmacSha256: (key: Bytes, data: Bytes) => hmac(sha256, key, data),
  hkdfSha256: (inputKey: Bytes, salt: Bytes, info: Bytes, sizeBytes: number) => hkdf(sha256, inputKey, salt, info, sizeBytes),

  x25519PublicKey: (secretKey: Bytes) => x25519.getPublicKey(secretKey),
  x25519: (secretKey: Bytes, publicKey: Bytes) => orUndefined(() => x25519.getSharedSecret(secretKey, publicKey)),

  ed25519PublicKey: (seed: Bytes) => ed25519.getPublicKey(seed),
  ed25519Sign: (seed: Bytes, message: Bytes) => ed25519.sign(message, seed),
  ed25519Verify: (publicKey: Bytes, message: Bytes, signature: Bytes) =>
    orUndefined(() => verifyEd25519(publicKey, message, signature)) ?? false,

  aes256GcmSeal: (key: Bytes, nonce: Bytes, plaintext: Bytes, associatedData: Bytes) => gcm(key, nonce, associatedData).encrypt(plaintext),
  aes256GcmOpen: (key: Bytes, nonce: Bytes, ciphertext: Bytes, associatedData: Bytes) =>
    orUndefined(() => gcm(key, nonce, associatedData).decrypt(ciphertext)),
  aes256CbcEncrypt: (key: Bytes, iv: Bytes, plaintext: Bytes) => cbc(key, iv).encrypt(plaintext),
  aes256CbcDecrypt: (key: Bytes, iv: Bytes, ciphertext: Bytes) => orUndefined(() => cbc(key, iv).decrypt(ciphertext)),

  mlKem1024Keys: (seed: Bytes) => ml_kem1024.keygen(seed),
  mlKem1024Encapsulate: (publicKey: Bytes, entropy: Bytes) =>
    orUndefined(() => {
      const { cipherText, sharedSecret } = ml_kem1024.encapsulate(publicKey, entropy);
      return { ciphertext: cipherText, sharedSecret };
    }),
  mlKem1024Decapsulate: (secretKey: Bytes, ciphertext: Bytes) => orUndefined(() => ml_kem1024.decapsulate(ciphertext, secretKey)),
});
