/**
 * Safety numbers: 60 digits that two people compare, made from both account keys; the same on both sides. Many rounds of
 * SHA-512 make a second key with the same digits expensive to find (30 digits, about 100 bits, per account).
 */
import { accountIdToBytes, type Bytes, compareBytes, concat, type Primitives, utf8 } from "@hawser/base";
import { accountIdOf } from "./account/account-id.ts";

const LABEL = utf8("hawser safety number v1\0");
const ROUNDS = 5200;
const GROUPS_PER_ACCOUNT = 6;
const GROUP_SIZE_BYTES = 5;
const GROUP_MODULUS = 100_000n;
const LIST_CODE_GROUPS = 4;
const QR_VERSION = 1;

export interface SafetyNumber {
  /** 60 decimal digits; show them in groups of five. */
  readonly digits: string;
  /** What the QR code carries: version ‖ both fingerprints of 32 bytes, in an order both sides agree on. */
  readonly qr: Bytes;
}

export function safetyNumber(primitives: Primitives, accountKeyA: Bytes, accountKeyB: Bytes): SafetyNumber {
  const [low, high] = [fingerprint(primitives, accountKeyA), fingerprint(primitives, accountKeyB)].sort(compareBytes) as [Bytes, Bytes];
  return { digits: toDigits(low) + toDigits(high), qr: concat(Uint8Array.of(QR_VERSION), low.slice(0, 32), high.slice(0, 32)) };
}

function fingerprint(primitives: Primitives, accountKey: Bytes): Bytes {
  let hash = primitives.sha512(concat(LABEL, accountKey, accountIdToBytes(accountIdOf(primitives, accountKey))));
  for (let round = 1; round < ROUNDS; round++) hash = primitives.sha512(concat(hash, accountKey));
  return hash;
}

/**
 * 20 digits of one device list, about 66 bits: two people tell by them which of two lists is meant. Whoever looks for another list with the
 * same digits needs the account's key and as many signatures.
 */
export const listCode = ({ hash }: { readonly hash: Bytes }): string => toDigits(hash, LIST_CODE_GROUPS);

function toDigits(hash: Bytes, groups = GROUPS_PER_ACCOUNT): string {
  let digits = "";
  for (let group = 0; group < groups; group++) {
    let value = 0n;
    for (const byte of hash.subarray(group * GROUP_SIZE_BYTES, (group + 1) * GROUP_SIZE_BYTES)) value = value * 256n + BigInt(byte);
    digits += (value % GROUP_MODULUS).toString().padStart(5, "0");
  }
  return digits;
}
