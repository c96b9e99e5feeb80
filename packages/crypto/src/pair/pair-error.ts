/** Why the pair engine refused. No error ever changes a record, and none carries user data or key material. */
export type PairError =
  /** The bytes of a message do not parse; `offset` counts from the start of the part named. */
  | { readonly kind: "malformed-message"; readonly offset: number }
  /** The bytes of a record do not parse, or were written by a newer version: never overwrite it. */
  | { readonly kind: "malformed-record"; readonly offset: number }
  | { readonly kind: "unsupported-version"; readonly version: number }
  /** A prekey of the bundle is not signed by the device it claims to belong to. */
  | { readonly kind: "bad-prekey-signature"; readonly preKey: "signed" | "kem" }
  /** A public key is malformed, of low order, or fails the KEM's check. */
  | { readonly kind: "bad-key" }
  /** The sender's identity key is not the one the device list certifies, or the record belongs to another pair. */
  | { readonly kind: "identity-mismatch" }
  /** A ratchet message came for a device with which no session exists: ask for a resend over a fresh session. */
  | { readonly kind: "no-session" }
  /** `preKeys` could not give the keys that the message names. */
  | { readonly kind: "unknown-prekey"; readonly preKey: "signed" | "kem" | "one-time" }
  /** This very message was decrypted before, or its key was dropped for age. */
  | { readonly kind: "duplicate" }
  /** A first message whose base key was seen before: someone replays a handshake. */
  | { readonly kind: "replayed-handshake" }
  /** The counter jumps further than `MAX_FORWARD_JUMP`. */
  | { readonly kind: "too-far-ahead"; readonly jump: number }
  /** The MAC fits no session of the record: tampered, or sent in a session that this side has lost. */
  | { readonly kind: "bad-mac" }
  | { readonly kind: "too-large"; readonly sizeBytes: number };
