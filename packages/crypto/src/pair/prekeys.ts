/**
 * Prekeys: the public halves wait on the server, the secret halves in the device's store until a first message names
 * them. Ids are the caller's; the signature binds kind, id and key (docs/PROTOCOL.md, "Prekeys").
 */
import type { Bytes, Primitives, Random } from "@hawser/base";
import type { DeviceIdentity, PairProfile } from "./profile.ts";
import { KEY_SIZE_BYTES } from "./session-state.ts";

/** d ‖ z of FIPS 203. */
const KEM_SEED_SIZE_BYTES = 64;

/** What a device hands out about itself; everything in it comes from the server and is checked by `initiate`. */
export interface PreKeyBundle {
  readonly identityDh: Bytes;
  readonly signPublic: Bytes;
  readonly signedPreKey: { readonly id: number; readonly publicKey: Bytes; readonly signature: Bytes };
  readonly kemPreKey: { readonly id: number; readonly publicKey: Bytes; readonly signature: Bytes; readonly lastResort: boolean };
  readonly oneTimePreKey?: { readonly id: number; readonly publicKey: Bytes } | undefined;
}

export interface PreKeyPair {
  readonly id: number;
  readonly publicKey: Bytes;
  /** 32 bytes for X25519; the 3,168 bytes of FIPS 203's decapsulation key for the KEM. */
  readonly secretKey: Bytes;
}

export interface SignedPreKeyPair extends PreKeyPair {
  readonly signature: Bytes;
}

export interface KemPreKeyPair extends SignedPreKeyPair {
  /** A last-resort key is handed out when all others are used up, and is not deleted after use. */
  readonly lastResort: boolean;
}

/** New X25519 keys and Ed25519 signing keys for a device. Draws 32 + 32 random bytes. */
export function newDeviceIdentity(primitives: Primitives, random: Random): DeviceIdentity {
  const dhSecret = random.bytes(KEY_SIZE_BYTES);
  const signSeed = random.bytes(KEY_SIZE_BYTES);
  return { dhSecret, dhPublic: primitives.x25519PublicKey(dhSecret), signSeed, signPublic: primitives.ed25519PublicKey(signSeed) };
}

export function newSignedPreKey(
  primitives: Primitives,
  profile: PairProfile,
  id: number,
  identity: DeviceIdentity,
  random: Random,
): SignedPreKeyPair {
  const pair = newOneTimePreKey(primitives, id, random);
  return { ...pair, signature: profile.signPreKey(primitives, identity, "signed", id, pair.publicKey, random) };
}

export function newKemPreKey(
  primitives: Primitives,
  profile: PairProfile,
  id: number,
  identity: DeviceIdentity,
  random: Random,
  lastResort: boolean,
): KemPreKeyPair {
  const seed = random.bytes(KEM_SEED_SIZE_BYTES);
  const { publicKey, secretKey } = profile.kem(primitives).keys(seed);
  seed.fill(0);
  const signature = profile.signPreKey(primitives, identity, "kem", id, publicKey, random);
  return { id, publicKey, secretKey, signature, lastResort };
}

export function newOneTimePreKey(primitives: Primitives, id: number, random: Random): PreKeyPair {
  const secretKey = random.bytes(KEY_SIZE_BYTES);
  return { id, publicKey: primitives.x25519PublicKey(secretKey), secretKey };
}
