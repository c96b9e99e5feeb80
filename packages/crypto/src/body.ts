/**
 * Message bodies: sealed once under a fresh key, whatever the number of receiving devices; each device gets a capsule with
 * that key and the body's hash inside a pair message. Invariant: a body key seals one body, which is why the nonce may be
 * constant; the hash ties the capsule to exactly one body, so nobody can swap bodies between capsules.
 * docs/PROTOCOL.md, "Bodies and capsules".
 */
import { type Bytes, concat, equalBytes, type Primitives, type Random, utf8 } from "@hawser/base";

export const BODY_KEY_SIZE_BYTES = 32;
const HASH_SIZE_BYTES = 32;
const TAG_SIZE_BYTES = 16;
export const CAPSULE_PLAINTEXT_SIZE_BYTES = BODY_KEY_SIZE_BYTES + HASH_SIZE_BYTES;
const ONE_USE_NONCE = new Uint8Array(12);
const LABEL = utf8("hawser body v1");

/** AES-256-GCM under a key drawn here. The caller wipes `bodyKey` once the capsules are made. */
export function sealBody(
  primitives: Primitives,
  plaintext: Bytes,
  context: { readonly random: Random },
): { readonly bodyKey: Bytes; readonly sealed: Bytes } {
  const bodyKey = context.random.bytes(BODY_KEY_SIZE_BYTES);
  return { bodyKey, sealed: primitives.aes256GcmSeal(bodyKey, ONE_USE_NONCE, plaintext, LABEL) };
}

/** `undefined` when the body was not sealed under this key. */
export function openBody(primitives: Primitives, bodyKey: Bytes, sealed: Bytes): Bytes | undefined {
  if (bodyKey.length !== BODY_KEY_SIZE_BYTES || sealed.length < TAG_SIZE_BYTES) return undefined;
  return primitives.aes256GcmOpen(bodyKey, ONE_USE_NONCE, sealed, LABEL);
}

/** What goes into each device's pair message: body key ‖ SHA-256 of the sealed body. */
export function makeCapsulePlaintext(primitives: Primitives, bodyKey: Bytes, sealed: Bytes): Bytes {
  return concat(bodyKey, primitives.sha256(sealed));
}

/** The body key for `sealed`; `undefined` when the capsule is malformed or was made for another body. */
export function readCapsulePlaintext(primitives: Primitives, plaintext: Bytes, sealed: Bytes): Bytes | undefined {
  if (plaintext.length !== CAPSULE_PLAINTEXT_SIZE_BYTES) return undefined;
  if (!equalBytes(plaintext.subarray(BODY_KEY_SIZE_BYTES), primitives.sha256(sealed))) return undefined;
  return plaintext.slice(0, BODY_KEY_SIZE_BYTES);
}
