/**
 * What may differ between two deployments of the same protocol: labels, encodings, KEM and signatures. Everything else —
 * PQXDH, the Double Ratchet, Sesame — is the same code. Invariant: two sides talk only under the same profile; a
 * profile's labels are never reused with other meanings. docs/PROTOCOL.md, "Pairwise sessions".
 */
import { type Bytes, concat, type Primitives, type Random, utf8 } from "@hawser/base";

export interface KemKeys {
  readonly publicKey: Bytes;
  readonly secretKey: Bytes;
}

/** A key encapsulation mechanism with the sizes of ML-KEM-1024. */
export interface Kem {
  keys(seed: Bytes): KemKeys;
  encapsulate(publicKey: Bytes, entropy: Bytes): { readonly ciphertext: Bytes; readonly sharedSecret: Bytes } | undefined;
  decapsulate(secretKey: Bytes, ciphertext: Bytes): Bytes | undefined;
}

/** The keys of one device. Both public keys are certified in the account's signed device list. */
export interface DeviceIdentity {
  /** X25519. */
  readonly dhSecret: Bytes;
  readonly dhPublic: Bytes;
  /** Ed25519. */
  readonly signSeed: Bytes;
  readonly signPublic: Bytes;
  /** Carried in first messages where the profile knows it (libsignal's registration id); 0 otherwise. */
  readonly registrationTag?: number;
}

export type SignedPreKeyKind = "signed" | "kem";

export interface PairProfile {
  readonly name: string;
  /** First byte of both protobuf messages. */
  readonly messageVersion: number;
  readonly macSizeBytes: number;
  readonly handshakeInfo: Bytes;
  readonly ratchetInfo: Bytes;
  readonly messageKeysInfo: Bytes;
  /** Type byte in front of every X25519 key on the wire; empty for none. */
  readonly dhKeyPrefix: Bytes;
  /** Type byte in front of KEM public keys (when signed) and ciphertexts. */
  readonly kemKeyPrefix: Bytes;
  /** What must be added to `previousCounter` to get the number of messages in the previous chain. */
  readonly previousCounterBias: 0 | 1;
  /** Whether both addresses go under the MAC. */
  readonly bindsAddresses: boolean;
  kem(primitives: Primitives): Kem;
  signPreKey(primitives: Primitives, identity: DeviceIdentity, kind: SignedPreKeyKind, id: number, publicKey: Bytes, random: Random): Bytes;
  verifyPreKey(
    primitives: Primitives,
    signer: { identityDh: Bytes; signPublic: Bytes },
    kind: SignedPreKeyKind,
    id: number,
    publicKey: Bytes,
    signature: Bytes,
  ): boolean;
}

export const mlKem1024 = (primitives: Primitives): Kem => ({
  keys: (seed) => primitives.mlKem1024Keys(seed),
  encapsulate: (publicKey, entropy) => primitives.mlKem1024Encapsulate(publicKey, entropy),
  decapsulate: (secretKey, ciphertext) => primitives.mlKem1024Decapsulate(secretKey, ciphertext),
});

const LABELS: Record<SignedPreKeyKind, Bytes> = {
  signed: utf8("hawser signed prekey v1\0"),
  kem: utf8("hawser kem prekey v1\0"),
};

/** What a prekey's signature covers: label, id (32 bits), key. A server cannot pass one kind or id off as another. */
function preKeyStatement(kind: SignedPreKeyKind, id: number, publicKey: Bytes): Bytes {
  const idBytes = new Uint8Array(4);
  new DataView(idBytes.buffer).setUint32(0, id);
  return concat(LABELS[kind], idBytes, publicKey);
}

/** What Hawser speaks. */
export const HAWSER_PROFILE: PairProfile = Object.freeze({
  name: "hawser-v1",
  messageVersion: 0x11,
  macSizeBytes: 16,
  handshakeInfo: utf8("hawser pqxdh v1 X25519 SHA-256 ML-KEM-1024"),
  ratchetInfo: utf8("hawser ratchet v1"),
  messageKeysInfo: utf8("hawser message keys v1"),
  dhKeyPrefix: new Uint8Array(0),
  kemKeyPrefix: new Uint8Array(0),
  previousCounterBias: 0,
  bindsAddresses: true,
  kem: mlKem1024,
  signPreKey: (primitives, identity, kind, id, publicKey) =>
    primitives.ed25519Sign(identity.signSeed, preKeyStatement(kind, id, publicKey)),
  verifyPreKey: (primitives, signer, kind, id, publicKey, signature) =>
    primitives.ed25519Verify(signer.signPublic, preKeyStatement(kind, id, publicKey), signature),
} satisfies PairProfile);
