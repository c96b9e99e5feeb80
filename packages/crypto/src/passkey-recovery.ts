/**
 * The recovery capsule of a passkey: account key and state key, sealed under what its authenticator computes for our question alone (the
 * PRF extension of WebAuthn Level 3). Invariants: the account stands in the key and is the one whose seed is inside, so that no server can
 * give one account's capsule out for another's; no ratchet state is ever in it. docs/PROTOCOL.md, "Recovery by a passkey".
 */
import {
  type AccountId,
  accountIdToBytes,
  assert,
  type Bytes,
  concat,
  err,
  ok,
  type Primitives,
  type Random,
  type Result,
  utf8,
} from "@hawser/base";
import { accountIdOf } from "./account/account-id.ts";
import type { RecoverySecrets } from "./recovery.ts";

/** What an authenticator is asked for: `prf.eval.first`. The same for all, so that nobody has to be named before a passkey is chosen. */
export const PASSKEY_PRF_INPUT = utf8("hawser passkey recovery v1");

const KEY_SIZE_BYTES = 32;
const PRF_OUTPUT_SIZE_BYTES = 32;
const SALT_SIZE_BYTES = 32;
const TAG_SIZE_BYTES = 16;
/** 1 is the recovery code's. */
const VERSION = 2;
const HEADER_SIZE_BYTES = 1 + SALT_SIZE_BYTES;
const CAPSULE_SIZE_BYTES = HEADER_SIZE_BYTES + 2 * KEY_SIZE_BYTES + TAG_SIZE_BYTES;
/** The salt makes each capsule's key one of its own: it seals once. */
const NONCE = new Uint8Array(12);
const CAPSULE_LABEL = utf8("hawser passkey capsule v1\0");
const LOCATOR_LABEL = utf8("hawser passkey locator v1\0");

export type PasskeyRecoveryError =
  | { readonly kind: "unsupported-version" }
  | { readonly kind: "malformed-capsule" }
  /** Of another passkey, for another account, or changed. */
  | { readonly kind: "wrong-passkey" }
  /** It opens, and holds the key of an account that it does not say. */
  | { readonly kind: "other-account" };

export const isPrfOutput = (bytes: Bytes): boolean => bytes.length === PRF_OUTPUT_SIZE_BYTES;

/** Where the server keeps the capsule: whoever cannot ask the authenticator cannot ask the server. 32 bytes. */
export function passkeyLocator(primitives: Primitives, prfOutput: Bytes): Bytes {
  assert(isPrfOutput(prfOutput), "a PRF output has 32 bytes");
  return primitives.hkdfSha256(prfOutput, new Uint8Array(0), LOCATOR_LABEL, KEY_SIZE_BYTES);
}

/** Draws 32 random bytes. */
export function sealPasskeyCapsule(
  primitives: Primitives,
  prfOutput: Bytes,
  secrets: RecoverySecrets,
  { random }: { readonly random: Random },
): Bytes {
  assert(secrets.accountSeed.length === KEY_SIZE_BYTES && secrets.stateKey.length === KEY_SIZE_BYTES, "recovery keys have 32 bytes");
  const account = accountIdOf(primitives, primitives.ed25519PublicKey(secrets.accountSeed));
  const header = concat(Uint8Array.of(VERSION), random.bytes(SALT_SIZE_BYTES));
  const key = capsuleKey(primitives, prfOutput, header, account);
  const plaintext = concat(secrets.accountSeed, secrets.stateKey);
  const sealed = primitives.aes256GcmSeal(key, NONCE, plaintext, concat(CAPSULE_LABEL, header));
  for (const secret of [key, plaintext]) secret.fill(0);
  return concat(header, sealed);
}

/** `account`: whose capsule it is, as the server says. */
export function openPasskeyCapsule(
  primitives: Primitives,
  prfOutput: Bytes,
  account: AccountId,
  capsule: Bytes,
): Result<RecoverySecrets, PasskeyRecoveryError> {
  if (capsule.length > 0 && capsule[0] !== VERSION) return err({ kind: "unsupported-version" });
  if (capsule.length !== CAPSULE_SIZE_BYTES) return err({ kind: "malformed-capsule" });
  const header = capsule.slice(0, HEADER_SIZE_BYTES);
  const key = capsuleKey(primitives, prfOutput, header, account);
  const plaintext = primitives.aes256GcmOpen(key, NONCE, capsule.slice(HEADER_SIZE_BYTES), concat(CAPSULE_LABEL, header));
  key.fill(0);
  if (plaintext === undefined) return err({ kind: "wrong-passkey" });
  const accountSeed = plaintext.slice(0, KEY_SIZE_BYTES);
  if (accountIdOf(primitives, primitives.ed25519PublicKey(accountSeed)) !== account) return err({ kind: "other-account" });
  return ok({ accountSeed, stateKey: plaintext.slice(KEY_SIZE_BYTES) });
}

function capsuleKey(primitives: Primitives, prfOutput: Bytes, header: Bytes, account: AccountId): Bytes {
  assert(isPrfOutput(prfOutput), "a PRF output has 32 bytes");
  return primitives.hkdfSha256(prfOutput, header.slice(1), concat(CAPSULE_LABEL, accountIdToBytes(account)), KEY_SIZE_BYTES);
}
