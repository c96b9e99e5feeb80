/**
 * Device names, sealed under the account's state key, so that the server's copy of the list does not tell them. Padded:
 * the length does not tell them either. Bound to the device's signing key, so labels cannot be swapped between devices.
 */
import { type Bytes, concat, fromUtf8, type Primitives, type Random, utf8 } from "@hawser/base";

const LABEL = utf8("hawser device label v1\0");
const NONCE_SIZE_BYTES = 12;
const PADDED_SIZE_BYTES = 128;

/** Longer names are cut to what fits, at a character boundary. */
export function sealDeviceLabel(
  primitives: Primitives,
  stateKey: Bytes,
  signingKey: Bytes,
  name: string,
  context: { readonly random: Random },
): Bytes {
  const padded = new Uint8Array(PADDED_SIZE_BYTES);
  let at = 1;
  for (const character of name) {
    const bytes = utf8(character);
    if (at + bytes.length > PADDED_SIZE_BYTES) break;
    padded.set(bytes, at);
    at += bytes.length;
  }
  padded[0] = at - 1;
  const nonce = context.random.bytes(NONCE_SIZE_BYTES);
  return concat(nonce, primitives.aes256GcmSeal(stateKey, nonce, padded, concat(LABEL, signingKey)));
}

/** `undefined` when the label was sealed for another device or under another key. */
export function openDeviceLabel(primitives: Primitives, stateKey: Bytes, signingKey: Bytes, sealed: Bytes): string | undefined {
  if (sealed.length <= NONCE_SIZE_BYTES) return undefined;
  const nonce = sealed.subarray(0, NONCE_SIZE_BYTES);
  const padded = primitives.aes256GcmOpen(stateKey, nonce, sealed.subarray(NONCE_SIZE_BYTES), concat(LABEL, signingKey));
  const size = padded?.[0];
  if (padded?.length !== PADDED_SIZE_BYTES || size === undefined || size >= PADDED_SIZE_BYTES) return undefined;
  return fromUtf8(padded.subarray(1, 1 + size));
}
