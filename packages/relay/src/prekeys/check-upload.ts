/**
 * What an upload of prekeys must look like before it is stored. The lasting keys' signatures are checked here, because every
 * session with the device would fail on a bad one; one-time keys' are left to whoever claims them.
 */
import type { Bytes, Primitives } from "@hawser/base";
import { HAWSER_PROFILE } from "@hawser/crypto";
import { type ErrorName, MAX_ONE_TIME_KEM_PRE_KEYS, MAX_ONE_TIME_PRE_KEYS, type PreKeyUpload } from "@hawser/wire";

const DH_KEY_SIZE_BYTES = 32;
const KEM_KEY_SIZE_BYTES = 1_568;
const SIGNATURE_SIZE_BYTES = 64;

/** `undefined` when the upload may be stored. */
export function faultOfUpload(
  primitives: Primitives,
  device: { readonly signingKey: Bytes; readonly dhKey: Bytes },
  upload: PreKeyUpload,
): ErrorName | undefined {
  const { signedPreKey: signed, lastResortKemPreKey: kem, oneTimePreKeys, oneTimeKemPreKeys } = upload;
  if (oneTimePreKeys.length > MAX_ONE_TIME_PRE_KEYS || oneTimeKemPreKeys.length > MAX_ONE_TIME_KEM_PRE_KEYS) return "LIMIT_EXCEEDED";
  if (!distinctIds(oneTimePreKeys) || !distinctIds(oneTimeKemPreKeys)) return "MALFORMED_FIELD";
  if (oneTimePreKeys.some((key) => key.publicKey.length !== DH_KEY_SIZE_BYTES)) return "MALFORMED_FIELD";
  const kems = kem === undefined ? oneTimeKemPreKeys : [kem, ...oneTimeKemPreKeys];
  if (kems.some((key) => key.publicKey.length !== KEM_KEY_SIZE_BYTES || key.signature.length !== SIGNATURE_SIZE_BYTES))
    return "MALFORMED_FIELD";
  if (signed !== undefined && (signed.publicKey.length !== DH_KEY_SIZE_BYTES || signed.signature.length !== SIGNATURE_SIZE_BYTES))
    return "MALFORMED_FIELD";

  const signer = { identityDh: device.dhKey, signPublic: device.signingKey };
  const genuine = (kind: "signed" | "kem", key: { id: number; publicKey: Bytes; signature: Bytes } | undefined): boolean =>
    key === undefined || HAWSER_PROFILE.verifyPreKey(primitives, signer, kind, key.id, key.publicKey, key.signature);
  return genuine("signed", signed) && genuine("kem", kem) ? undefined : "BAD_SIGNATURE";
}

const distinctIds = (keys: readonly { readonly id: number }[]): boolean => new Set(keys.map((key) => key.id)).size === keys.length;
