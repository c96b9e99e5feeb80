/**
 * `Primitives` by Node's own OpenSSL; the same bytes and verdicts as the pure ones (packages/crypto, primitives.test.ts, runs
 * on both). Two exceptions stay with noble, both measured: AES-CBC of small messages, where setting up a cipher costs more
 * than the cipher, and ML-KEM encapsulation, whose entropy OpenSSL does not let a caller choose. A Node without
 * ML-KEM (before 24.7) gets noble's.
 */
import type { Bytes, Primitives } from "@hawser/base";
import { cbc } from "@noble/ciphers/aes.js";
import { ml_kem1024 } from "@noble/post-quantum/ml-kem.js";
import * as native from "node:crypto";
import { isUsableEd25519Key } from "./ed25519-key.ts";
import { KeyCache } from "./key-cache.ts";

const HASH_SIZE_BYTES = 32;
const HMAC_BLOCK_SIZE_BYTES = 64;
const TAG_SIZE_BYTES = 16;
/** Below this, noble's CBC is faster than creating an OpenSSL cipher. */
const NATIVE_CBC_FROM_SIZE_BYTES = 1024;
const KEY_SIZE_BYTES = 32;
const KEM_PUBLIC_KEY_SIZE_BYTES = 1568;
const KEM_SECRET_KEY_SIZE_BYTES = 3168;

// What stands in front of the bare key in PKCS #8 and SPKI (RFC 8410, RFC 9935). Every release of Node 24 reads these; its raw
// formats came later and save little.
const prefix = (hex: string): Buffer => Buffer.from(hex, "hex");
const PKCS8 = { x25519: prefix("302e020100300506032b656e04220420"), ed25519: prefix("302e020100300506032b657004220420") };
const SPKI = { x25519: prefix("302a300506032b656e032100"), ed25519: prefix("302a300506032b6570032100") };
/** Around an ML-KEM-1024 seed (the `seed` choice) and an expanded decapsulation key (`expandedKey`). */
const PKCS8_KEM_SEED = prefix("3054020100300b060960864801650304040304428040");
const PKCS8_KEM_EXPANDED = prefix("30820c78020100300b060960864801650304040304820c6404820c60");

// @types/node 24.0 does not know the function that Node has had since 24.7.
const nativeDecapsulate = (native as unknown as { decapsulate?: (key: native.KeyObject, ciphertext: Bytes) => Buffer }).decapsulate;

type Curve = "x25519" | "ed25519";

function importSecret(der: Buffer): native.KeyObject {
  const key = native.createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  der.fill(0);
  return key;
}

function importCurveKey(prefixBytes: Buffer, key: Bytes): Buffer {
  if (key.length !== KEY_SIZE_BYTES) throw new RangeError("a key of this curve has 32 bytes");
  return Buffer.concat([prefixBytes, key]);
}

const secretKeys = new KeyCache<Curve>((curve, key) => importSecret(importCurveKey(PKCS8[curve], key)));
const publicKeys = new KeyCache<Curve>((curve, key) =>
  native.createPublicKey({ key: importCurveKey(SPKI[curve], key), format: "der", type: "spki" }),
);

/** The bare public key, which SPKI ends with. */
function publicKeyOf(secretKey: native.KeyObject, sizeBytes: number): Bytes {
  const der = native.createPublicKey(secretKey).export({ type: "spki", format: "der" });
  return new Uint8Array(der.subarray(der.length - sizeBytes));
}

/** A `Buffer` is a `Uint8Array` whose `slice` does not copy: never let one out. */
const plain = (buffer: Buffer): Bytes => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);

function orUndefined<T>(body: () => T): T | undefined {
  try {
    return body();
  } catch {
    return undefined;
  }
}

const sha256 = (data: Bytes): Bytes => plain(native.hash("sha256", data, "buffer"));
const sha512 = (data: Bytes): Bytes => plain(native.hash("sha512", data, "buffer"));

/** RFC 2104 over two one-shot hashes, which is five times faster than `createHmac` for short input. */
function hmacSha256(key: Bytes, data: Bytes): Bytes {
  const short = key.length > HMAC_BLOCK_SIZE_BYTES ? sha256(key) : key;
  const inner = new Uint8Array(HMAC_BLOCK_SIZE_BYTES + data.length);
  const outer = new Uint8Array(HMAC_BLOCK_SIZE_BYTES + HASH_SIZE_BYTES);
  inner.fill(0x36, short.length, HMAC_BLOCK_SIZE_BYTES);
  outer.fill(0x5c, short.length, HMAC_BLOCK_SIZE_BYTES);
  for (let i = 0; i < short.length; i++) {
    inner[i] = short[i]! ^ 0x36;
    outer[i] = short[i]! ^ 0x5c;
  }
  inner.set(data, HMAC_BLOCK_SIZE_BYTES);
  outer.set(sha256(inner), HMAC_BLOCK_SIZE_BYTES);
  const mac = sha256(outer);
  inner.fill(0, 0, HMAC_BLOCK_SIZE_BYTES);
  outer.fill(0);
  return mac;
}

/** RFC 5869 over `hmacSha256`; at most 255 blocks. */
function hkdfSha256(inputKey: Bytes, salt: Bytes, info: Bytes, sizeBytes: number): Bytes {
  if (sizeBytes > 255 * HASH_SIZE_BYTES) throw new RangeError("HKDF gives 8,160 bytes at most");
  const pseudoRandomKey = hmacSha256(salt, inputKey);
  const out = new Uint8Array(sizeBytes);
  let previous: Bytes = new Uint8Array(0);
  for (let at = 0, counter = 1; at < sizeBytes; at += HASH_SIZE_BYTES, counter++) {
    const block = new Uint8Array(previous.length + info.length + 1);
    block.set(previous);
    block.set(info, previous.length);
    block[block.length - 1] = counter;
    previous = hmacSha256(pseudoRandomKey, block);
    out.set(previous.subarray(0, sizeBytes - at), at);
  }
  pseudoRandomKey.fill(0);
  return out;
}

function cipherOnce(cipher: native.Cipheriv | native.Decipheriv, data: Bytes, extraSizeBytes = 0): Bytes {
  const start = cipher.update(data);
  const end = cipher.final();
  const out = new Uint8Array(start.length + end.length + extraSizeBytes);
  out.set(start);
  out.set(end, start.length);
  return out;
}

function aes256GcmSeal(key: Bytes, nonce: Bytes, plaintext: Bytes, associatedData: Bytes): Bytes {
  const cipher = native.createCipheriv("aes-256-gcm", key, nonce).setAAD(associatedData);
  const out = cipherOnce(cipher, plaintext, TAG_SIZE_BYTES);
  out.set(cipher.getAuthTag(), out.length - TAG_SIZE_BYTES);
  return out;
}

function aes256GcmOpen(key: Bytes, nonce: Bytes, ciphertext: Bytes, associatedData: Bytes): Bytes | undefined {
  const tagAt = ciphertext.length - TAG_SIZE_BYTES;
  if (tagAt < 0) return undefined;
  const decipher = native.createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_SIZE_BYTES });
  decipher.setAAD(associatedData).setAuthTag(ciphertext.subarray(tagAt));
  return orUndefined(() => cipherOnce(decipher, ciphertext.subarray(0, tagAt)));
}

function mlKem1024Keys(seed: Bytes): { publicKey: Bytes; secretKey: Bytes } {
  const key = importSecret(Buffer.concat([PKCS8_KEM_SEED, seed]));
  // The export ends with the expanded key, whichever of RFC 9935's choices OpenSSL writes.
  const der = key.export({ type: "pkcs8", format: "der" });
  const secretKey = new Uint8Array(der.subarray(der.length - KEM_SECRET_KEY_SIZE_BYTES));
  der.fill(0);
  return { publicKey: publicKeyOf(key, KEM_PUBLIC_KEY_SIZE_BYTES), secretKey };
}

function mlKem1024Decapsulate(secretKey: Bytes, ciphertext: Bytes): Bytes | undefined {
  if (secretKey.length !== KEM_SECRET_KEY_SIZE_BYTES) return undefined;
  return orUndefined(() => plain(nativeDecapsulate!(importSecret(Buffer.concat([PKCS8_KEM_EXPANDED, secretKey])), ciphertext)));
}

/** Whether this Node's OpenSSL knows ML-KEM: asked once, with a key that is thrown away. */
const hasNativeKem = nativeDecapsulate !== undefined && orUndefined(() => mlKem1024Keys(new Uint8Array(64))) !== undefined;

export const nodePrimitives: Primitives = Object.freeze({
  sha256,
  sha512,
  hmacSha256,
  hkdfSha256,

  x25519PublicKey: (secretKey: Bytes) => publicKeyOf(secretKeys.get("x25519", secretKey), KEY_SIZE_BYTES),
  // OpenSSL refuses an all-zero result by itself.
  x25519: (secretKey: Bytes, publicKey: Bytes) =>
    orUndefined(() =>
      plain(native.diffieHellman({ privateKey: secretKeys.get("x25519", secretKey), publicKey: publicKeys.get("x25519", publicKey) })),
    ),

  ed25519PublicKey: (seed: Bytes) => publicKeyOf(secretKeys.get("ed25519", seed), KEY_SIZE_BYTES),
  ed25519Sign: (seed: Bytes, message: Bytes) => plain(native.sign(null, message, secretKeys.get("ed25519", seed))),
  ed25519Verify: (publicKey: Bytes, message: Bytes, signature: Bytes) =>
    isUsableEd25519Key(publicKey) &&
    (orUndefined(() => native.verify(null, message, publicKeys.get("ed25519", publicKey), signature)) ?? false),

  aes256GcmSeal,
  aes256GcmOpen,
  aes256CbcEncrypt: (key: Bytes, iv: Bytes, plaintext: Bytes) =>
    plaintext.length < NATIVE_CBC_FROM_SIZE_BYTES
      ? cbc(key, iv).encrypt(plaintext)
      : cipherOnce(native.createCipheriv("aes-256-cbc", key, iv), plaintext),
  aes256CbcDecrypt: (key: Bytes, iv: Bytes, ciphertext: Bytes) =>
    orUndefined(() =>
      ciphertext.length < NATIVE_CBC_FROM_SIZE_BYTES
        ? cbc(key, iv).decrypt(ciphertext)
        : cipherOnce(native.createDecipheriv("aes-256-cbc", key, iv), ciphertext),
    ),

  mlKem1024Keys: hasNativeKem ? mlKem1024Keys : (seed: Bytes) => ml_kem1024.keygen(seed),
  mlKem1024Encapsulate: (publicKey: Bytes, entropy: Bytes) =>
    orUndefined(() => {
      const { cipherText, sharedSecret } = ml_kem1024.encapsulate(publicKey, entropy);
      return { ciphertext: cipherText, sharedSecret };
    }),
  mlKem1024Decapsulate: hasNativeKem
    ? mlKem1024Decapsulate
    : (secretKey: Bytes, ciphertext: Bytes) => orUndefined(() => ml_kem1024.decapsulate(ciphertext, secretKey)),
});
