/**
 * PQXDH (signal.org/docs/specifications/pqxdh, revision 3): both sides derive one root key from three or four X25519
 * results and one KEM secret. Invariant: nothing of the result is used before every signature of the bundle was checked.
 */
import { type Bytes, concat, err, ok, type Primitives, type Random, type Result } from "@hawser/base";
import type { PairError } from "./pair-error.ts";
import type { PreKeyBundle, PreKeyPair } from "./prekeys.ts";
import type { DeviceIdentity, PairProfile } from "./profile.ts";
import { deriveRoot } from "./ratchet.ts";
import { KEM_SIZE_BYTES, KEY_SIZE_BYTES, type SessionState } from "./session-state.ts";

/** PQXDH §2.2: keeps the KDF's input apart from any X25519 signature input. */
const DOMAIN_SEPARATOR = new Uint8Array(KEY_SIZE_BYTES).fill(0xff);
const ZERO_SALT = new Uint8Array(KEY_SIZE_BYTES);
const badKey: Result<never, PairError> = err({ kind: "bad-key" });

export interface HandshakeKeys {
  readonly signed: PreKeyPair;
  readonly kem: PreKeyPair;
  readonly oneTime?: PreKeyPair | undefined;
}

/** The side that fetched a bundle. Random draws, in order: base key, KEM entropy, ratchet key (32 bytes each). */
export function initiateHandshake(
  primitives: Primitives,
  profile: PairProfile,
  identity: DeviceIdentity,
  bundle: PreKeyBundle,
  context: { readonly nowMs: number; readonly random: Random },
): Result<SessionState, PairError> {
  const checked = checkBundle(primitives, profile, bundle);
  if (!checked.ok) return checked;
  const baseSecret = context.random.bytes(KEY_SIZE_BYTES);
  const baseKey = primitives.x25519PublicKey(baseSecret);
  const encapsulated = profile.kem(primitives).encapsulate(bundle.kemPreKey.publicKey, context.random.bytes(KEY_SIZE_BYTES));
  if (encapsulated === undefined) return badKey;

  const signedPublic = bundle.signedPreKey.publicKey;
  const root = deriveSecret(primitives, profile, encapsulated.sharedSecret, [
    primitives.x25519(identity.dhSecret, signedPublic),
    primitives.x25519(baseSecret, bundle.identityDh),
    primitives.x25519(baseSecret, signedPublic),
    ...(bundle.oneTimePreKey === undefined ? [] : [primitives.x25519(baseSecret, bundle.oneTimePreKey.publicKey)]),
  ]);
  baseSecret.fill(0);
  if (root === undefined) return badKey;

  const ratchetSecret = context.random.bytes(KEY_SIZE_BYTES);
  const chain = deriveRoot(primitives, profile, root, ratchetSecret, signedPublic);
  if (chain === undefined) return badKey;
  return ok({
    createdAtMs: Math.floor(context.nowMs),
    baseKey,
    rootKey: chain.rootKey,
    ratchetSecret,
    ratchetPublic: primitives.x25519PublicKey(ratchetSecret),
    sendChainKey: chain.chainKey,
    sendCounter: 0,
    previousCounter: 0,
    receiveChains: [],
    pending: {
      signedPreKeyId: bundle.signedPreKey.id,
      kemPreKeyId: bundle.kemPreKey.id,
      oneTimePreKeyId: bundle.oneTimePreKey?.id,
      kemCiphertext: encapsulated.ciphertext,
      registrationTag: identity.registrationTag ?? 0,
    },
  });
}

/**
 * The side whose prekeys were used. The state cannot send yet: receiving the first message turns the ratchet, which is
 * when `sendChainKey` becomes real.
 */
export function acceptHandshake(
  primitives: Primitives,
  profile: PairProfile,
  identity: DeviceIdentity,
  keys: HandshakeKeys,
  remote: { readonly identityDh: Bytes; readonly baseKey: Bytes; readonly kemCiphertext: Bytes },
  nowMs: number,
): Result<SessionState, PairError> {
  const sharedSecret = profile.kem(primitives).decapsulate(keys.kem.secretKey, remote.kemCiphertext);
  if (sharedSecret === undefined) return badKey;
  const root = deriveSecret(primitives, profile, sharedSecret, [
    primitives.x25519(keys.signed.secretKey, remote.identityDh),
    primitives.x25519(identity.dhSecret, remote.baseKey),
    primitives.x25519(keys.signed.secretKey, remote.baseKey),
    ...(keys.oneTime === undefined ? [] : [primitives.x25519(keys.oneTime.secretKey, remote.baseKey)]),
  ]);
  if (root === undefined) return badKey;
  return ok({
    createdAtMs: Math.floor(nowMs),
    baseKey: remote.baseKey,
    rootKey: root,
    ratchetSecret: keys.signed.secretKey.slice(),
    ratchetPublic: keys.signed.publicKey,
    sendChainKey: new Uint8Array(KEY_SIZE_BYTES),
    sendCounter: 0,
    previousCounter: 0,
    receiveChains: [],
    pending: undefined,
  });
}

function checkBundle(primitives: Primitives, profile: PairProfile, bundle: PreKeyBundle): Result<void, PairError> {
  const { signedPreKey, kemPreKey, oneTimePreKey } = bundle;
  const dhKeys = [bundle.identityDh, signedPreKey.publicKey, ...(oneTimePreKey === undefined ? [] : [oneTimePreKey.publicKey])];
  if (dhKeys.some((key) => key.length !== KEY_SIZE_BYTES) || kemPreKey.publicKey.length !== KEM_SIZE_BYTES) return badKey;
  if (!profile.verifyPreKey(primitives, bundle, "signed", signedPreKey.id, signedPreKey.publicKey, signedPreKey.signature)) {
    return err({ kind: "bad-prekey-signature", preKey: "signed" });
  }
  if (!profile.verifyPreKey(primitives, bundle, "kem", kemPreKey.id, kemPreKey.publicKey, kemPreKey.signature)) {
    return err({ kind: "bad-prekey-signature", preKey: "kem" });
  }
  return ok(undefined);
}

/** The root key of a new session; `undefined` when a public key was of low order. Wipes its inputs. */
function deriveSecret(
  primitives: Primitives,
  profile: PairProfile,
  kemSecret: Bytes,
  dhResults: readonly (Bytes | undefined)[],
): Bytes | undefined {
  const parts: Bytes[] = [DOMAIN_SEPARATOR];
  for (const result of dhResults) {
    if (result === undefined) return undefined;
    parts.push(result);
  }
  parts.push(kemSecret);
  const input = concat(...parts);
  const derived = primitives.hkdfSha256(input, ZERO_SALT, profile.handshakeInfo, 2 * KEY_SIZE_BYTES);
  input.fill(0);
  for (const part of parts.slice(1)) part.fill(0);
  // The second half would be the responder's first sending chain; the responder never sends before it has received.
  return derived.slice(0, KEY_SIZE_BYTES);
}
