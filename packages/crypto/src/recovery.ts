/**
 * The recovery capsule: account key and state key, sealed under a code that a person keeps on paper. Invariant: no ratchet
 * state is ever in it — whoever restores is a new device with new sessions (a rolled-back ratchet repeats keys).
 * docs/PROTOCOL.md, "Recovery".
 */
import { assert, type Bytes, concat, err, fromBase32, ok, type Primitives, type Random, type Result, toBase32, utf8 } from "@hawser/base";
import { argon2id } from "hash-wasm";

/** 150 random bits and 10 of checksum fill 32 characters of base32. */
const CODE_SIZE_BYTES = 20;
const CODE_GROUP_SIZE = 4;
const CHECKSUM_BITS = 10;
const KEY_SIZE_BYTES = 32;
const SALT_SIZE_BYTES = 16;
const NONCE_SIZE_BYTES = 12;
const TAG_SIZE_BYTES = 16;
const VERSION = 1;
const CHECKSUM_LABEL = utf8("hawser recovery code v1\0");
const CAPSULE_LABEL = utf8("hawser recovery capsule v1\0");
const CAPSULE_SIZE_BYTES = 1 + SALT_SIZE_BYTES + NONCE_SIZE_BYTES + 2 * KEY_SIZE_BYTES + TAG_SIZE_BYTES;

/** RFC 9106's second recommended option (64 MiB, three passes), on one lane: about 0.4 s on an ordinary machine. */
const ARGON2_MEMORY_KIB = 64 * 1024;
const ARGON2_PASSES = 3;

/** A password hash; slow by design. `recoveryKdf` is the real one, tests and browsers may bring a worker's. */
export type RecoveryKdf = (code: Bytes, salt: Bytes) => Promise<Bytes>;

export const recoveryKdf: RecoveryKdf = (code, salt) =>
  argon2id({
    password: code,
    salt,
    iterations: ARGON2_PASSES,
    memorySize: ARGON2_MEMORY_KIB,
    parallelism: 1,
    hashLength: KEY_SIZE_BYTES,
    outputType: "binary",
  });

export interface RecoverySecrets {
  /** The account's Ed25519 seed. */
  readonly accountSeed: Bytes;
  readonly stateKey: Bytes;
}

export type RecoveryError =
  /** The code has a typing error: it does not parse or its checksum does not fit. */
  | { readonly kind: "bad-code" }
  | { readonly kind: "unsupported-version" }
  | { readonly kind: "malformed-capsule" }
  /** A well-formed code, but not the one of this capsule. */
  | { readonly kind: "wrong-code" };

/** A fresh code: eight groups of four characters, e.g. `ABCD-EFGH-…`. Draws 20 random bytes. */
export function newRecoveryCode(primitives: Primitives, random: Random): string {
  const bytes = random.bytes(CODE_SIZE_BYTES);
  writeChecksum(primitives, bytes);
  const text = toBase32(bytes).toUpperCase();
  bytes.fill(0);
  return text.match(new RegExp(`.{${CODE_GROUP_SIZE}}`, "g"))!.join("-");
}

/**
 * Reads a code as people type it: any case, spaces and dashes anywhere, and the digits 0, 1 and 8, which base32 does not
 * have, as the letters they look like.
 */
export function parseRecoveryCode(primitives: Primitives, text: string): Bytes | undefined {
  const letters = text
    .toLowerCase()
    .replace(/[\s\-–—]/g, "")
    .replaceAll("0", "o")
    .replaceAll("1", "l")
    .replaceAll("8", "b");
  const bytes = fromBase32(letters);
  if (bytes?.length !== CODE_SIZE_BYTES) return undefined;
  const expected = bytes.slice();
  writeChecksum(primitives, expected);
  return expected.every((byte, index) => byte === bytes[index]) ? bytes : undefined;
}

/** Draws 16 + 12 random bytes. `code` as `newRecoveryCode` gave it. */
export async function sealRecoveryCapsule(
  primitives: Primitives,
  code: string,
  secrets: RecoverySecrets,
  options: { readonly random: Random; readonly kdf?: RecoveryKdf },
): Promise<Bytes> {
  const parsed = parseRecoveryCode(primitives, code);
  assert(parsed !== undefined, "malformed recovery code");
  assert(secrets.accountSeed.length === KEY_SIZE_BYTES && secrets.stateKey.length === KEY_SIZE_BYTES, "recovery keys have 32 bytes");
  const header = concat(Uint8Array.of(VERSION), options.random.bytes(SALT_SIZE_BYTES), options.random.bytes(NONCE_SIZE_BYTES));
  const key = await (options.kdf ?? recoveryKdf)(parsed, header.slice(1, 1 + SALT_SIZE_BYTES));
  const plaintext = concat(secrets.accountSeed, secrets.stateKey);
  const sealed = primitives.aes256GcmSeal(key, header.slice(1 + SALT_SIZE_BYTES), plaintext, concat(CAPSULE_LABEL, header));
  for (const secret of [parsed, key, plaintext]) secret.fill(0);
  return concat(header, sealed);
}

export async function openRecoveryCapsule(
  primitives: Primitives,
  code: string,
  capsule: Bytes,
  options: { readonly kdf?: RecoveryKdf } = {},
): Promise<Result<RecoverySecrets, RecoveryError>> {
  const parsed = parseRecoveryCode(primitives, code);
  if (parsed === undefined) return err({ kind: "bad-code" });
  if (capsule.length > 0 && capsule[0] !== VERSION) return err({ kind: "unsupported-version" });
  if (capsule.length !== CAPSULE_SIZE_BYTES) return err({ kind: "malformed-capsule" });
  const header = capsule.slice(0, 1 + SALT_SIZE_BYTES + NONCE_SIZE_BYTES);
  const key = await (options.kdf ?? recoveryKdf)(parsed, header.slice(1, 1 + SALT_SIZE_BYTES));
  const plaintext = primitives.aes256GcmOpen(
    key,
    header.slice(1 + SALT_SIZE_BYTES),
    capsule.slice(header.length),
    concat(CAPSULE_LABEL, header),
  );
  for (const secret of [parsed, key]) secret.fill(0);
  if (plaintext === undefined) return err({ kind: "wrong-code" });
  return ok({ accountSeed: plaintext.slice(0, KEY_SIZE_BYTES), stateKey: plaintext.slice(KEY_SIZE_BYTES) });
}

/** Replaces the last ten bits by a hash of the others: a typing error slips through once in 1,024 times. */
function writeChecksum(primitives: Primitives, bytes: Bytes): void {
  const keptMask = (0xff << (CHECKSUM_BITS - 8)) & 0xff;
  bytes[CODE_SIZE_BYTES - 2]! &= keptMask;
  bytes[CODE_SIZE_BYTES - 1] = 0;
  const hash = primitives.sha256(concat(CHECKSUM_LABEL, bytes));
  bytes[CODE_SIZE_BYTES - 2]! |= hash[0]! & ~keptMask & 0xff;
  bytes[CODE_SIZE_BYTES - 1] = hash[1]!;
}
