/**
 * The primitives in plain JavaScript, for every platform: the audited `@noble` packages behind the port of `@hawser/base`.
 * Native implementations of the same port give the same bytes; `primitives.suite.ts` holds both to the official vectors.
 */
import type { Bytes, Primitives } from "@hawser/base";
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
    orUndefined(() => ed25519.verify(signature, message, publicKey, { zip215: false })) ?? false,

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
