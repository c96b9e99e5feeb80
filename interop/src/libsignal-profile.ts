/** The labels and encodings under which the pair engine speaks with libsignal 0.86 without its post-quantum ratchet. */
import { concat, utf8 } from "../../packages/base/src/index.ts";
import type { PairProfile } from "../../packages/crypto/src/pair/profile.ts";
import { kyberRound3 } from "./kyber-round-3.ts";
import { xeddsaSign, xeddsaVerify } from "./xeddsa.ts";

const X25519_TYPE = Uint8Array.of(0x05);
const KYBER_1024_TYPE = Uint8Array.of(0x08);
const XEDDSA_RANDOM_SIZE_BYTES = 64;

export const LIBSIGNAL_PROFILE: PairProfile = Object.freeze({
  name: "libsignal-v4",
  messageVersion: 0x44,
  macSizeBytes: 8,
  handshakeInfo: utf8("WhisperText_X25519_SHA-256_CRYSTALS-KYBER-1024"),
  ratchetInfo: utf8("WhisperRatchet"),
  messageKeysInfo: utf8("WhisperMessageKeys"),
  dhKeyPrefix: X25519_TYPE,
  kemKeyPrefix: KYBER_1024_TYPE,
  previousCounterBias: 1,
  bindsAddresses: false,
  kem: kyberRound3,
  signPreKey: (_primitives, identity, kind, _id, publicKey, random) =>
    xeddsaSign(
      identity.dhSecret,
      concat(kind === "kem" ? KYBER_1024_TYPE : X25519_TYPE, publicKey),
      random.bytes(XEDDSA_RANDOM_SIZE_BYTES),
    ),
  verifyPreKey: (_primitives, signer, kind, _id, publicKey, signature) =>
    xeddsaVerify(signer.identityDh, concat(kind === "kem" ? KYBER_1024_TYPE : X25519_TYPE, publicKey), signature),
} satisfies PairProfile);
