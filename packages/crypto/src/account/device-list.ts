/**
 * One signed entry of an account's device list. Invariant: a `VerifiedDeviceList` only exists for bytes whose signature
 * and inner rules were checked; the bytes themselves are kept, because hash and signature cover them and not the view.
 * docs/PROTOCOL.md, "Device list".
 */
import { type AccountId, type Bytes, concat, err, ok, type Primitives, type Result, toHex, utf8 } from "@hawser/base";
import {
  type DeviceList,
  DeviceListSchema,
  DeviceKind,
  MAX_COMPANIONS,
  MAX_DEVICE_LIST_BYTES,
  MAX_DEVICES,
  MAX_REVOCATIONS_PER_LIST,
  MAX_SEALED_LABEL_BYTES,
  type SignedDeviceList,
} from "@hawser/wire";
import { fromBinary } from "@bufbuild/protobuf";
import { accountIdOf } from "./account-id.ts";

const SIGNATURE_LABEL = utf8("hawser device list v1\0");
const KEY_SIZE_BYTES = 32;
const SIGNATURE_SIZE_BYTES = 64;
const HASH_SIZE_BYTES = 32;
const ATTEMPT_ID_SIZE_BYTES = 16;
/** The first bytes of a list's hash, as SEND frames carry it. */
const LIST_HASH_PREFIX_SIZE_BYTES = 8;

export type DeviceListFault = { readonly kind: "malformed"; readonly rule: string } | { readonly kind: "bad-signature" };

export interface VerifiedDeviceList {
  readonly account: AccountId;
  readonly accountKey: Bytes;
  readonly number: number;
  /** SHA-256 of the payload. */
  readonly hash: Bytes;
  readonly list: DeviceList;
  /** The bytes as signed, to store and to hand on unchanged. */
  readonly entry: Pick<SignedDeviceList, "payload" | "signature">;
}

export const deviceListStatement = (payload: Bytes): Bytes => concat(SIGNATURE_LABEL, payload);

export const listHashPrefix = (list: VerifiedDeviceList): Bytes => list.hash.slice(0, LIST_HASH_PREFIX_SIZE_BYTES);

/** Checks one entry by itself: form, inner rules, signature by the key it names. Not its place in a chain. */
export function verifyDeviceList(
  primitives: Primitives,
  entry: Pick<SignedDeviceList, "payload" | "signature">,
): Result<VerifiedDeviceList, DeviceListFault> {
  const parsed = parseDeviceList(primitives, entry);
  if (!parsed.ok) return parsed;
  const genuine = primitives.ed25519Verify(parsed.value.accountKey, deviceListStatement(entry.payload), entry.signature);
  return genuine ? parsed : err({ kind: "bad-signature" });
}

/** As `verifyDeviceList` without the signature: for entries that this program verified before and stored itself. */
export function parseDeviceList(
  primitives: Primitives,
  entry: Pick<SignedDeviceList, "payload" | "signature">,
): Result<VerifiedDeviceList, DeviceListFault> {
  if (entry.payload.length > MAX_DEVICE_LIST_BYTES) return malformed("payload size");
  if (entry.signature.length !== SIGNATURE_SIZE_BYTES) return malformed("signature size");
  let list: DeviceList;
  try {
    list = fromBinary(DeviceListSchema, entry.payload);
  } catch {
    return malformed("protobuf");
  }
  const fault = brokenRule(list);
  if (fault !== undefined) return malformed(fault);
  return ok({
    account: accountIdOf(primitives, list.accountKey),
    accountKey: list.accountKey,
    number: Number(list.number),
    hash: primitives.sha256(entry.payload),
    list,
    entry: { payload: entry.payload, signature: entry.signature },
  });
}

const malformed = (rule: string): Result<never, DeviceListFault> => err({ kind: "malformed", rule });

/** The rules that a list must keep whatever came before it; the name of the first broken one. */
export function brokenRule(list: DeviceList): string | undefined {
  if (list.accountKey.length !== KEY_SIZE_BYTES) return "account key size";
  if (list.number < 1n || list.number > BigInt(Number.MAX_SAFE_INTEGER)) return "number";
  if (list.previousHash.length !== (list.number === 1n ? 0 : HASH_SIZE_BYTES)) return "previous hash size";
  if (list.signedAtMs < 0n || list.signedAtMs > BigInt(Number.MAX_SAFE_INTEGER)) return "time";
  if (list.devices.length > MAX_DEVICES) return "too many devices";
  if (list.revocations.length > MAX_REVOCATIONS_PER_LIST) return "too many revocations";
  let phones = 0;
  let lastNumber = 0;
  const keys = new Set<string>([toHex(list.accountKey)]);
  for (const device of list.devices) {
    if (device.number <= lastNumber) return "device order";
    if (device.number >= list.nextDeviceNumber) return "next device number";
    if (device.signingKey.length !== KEY_SIZE_BYTES || device.dhKey.length !== KEY_SIZE_BYTES) return "device key size";
    if (device.attemptId.length !== 0 && device.attemptId.length !== ATTEMPT_ID_SIZE_BYTES) return "attempt id size";
    if (device.sealedLabel.length > MAX_SEALED_LABEL_BYTES) return "label size";
    if (device.kind === DeviceKind.PHONE) phones++;
    else if (device.kind !== DeviceKind.COMPANION) return "device kind";
    keys.add(toHex(device.signingKey)).add(toHex(device.dhKey));
    lastNumber = device.number;
  }
  if (keys.size !== 1 + 2 * list.devices.length) return "distinct keys";
  if (phones === 0) return "no phone";
  if (list.devices.length - phones > MAX_COMPANIONS) return "too many companions";
  const revoked = new Set<number>();
  for (const revocation of list.revocations) {
    if (revocation.device < 1 || revocation.device >= list.nextDeviceNumber) return "revoked device number";
    if (revoked.has(revocation.device) || list.devices.some((device) => device.number === revocation.device)) return "revocation";
    revoked.add(revocation.device);
  }
  return undefined;
}
