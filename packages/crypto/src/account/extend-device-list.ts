/**
 * Writes the next entry of an account's device list. Only a device that holds the account key can. Invariant: what this
 * writes, `verifyChain` accepts — the same rules are checked here before anything is signed. docs/PROTOCOL.md, "Device list".
 */
import { assert, type Bytes, equalBytes, err, must, ok, type Primitives, type Result } from "@hawser/base";
import {
  type DeviceKind,
  type DeviceList,
  DeviceListSchema,
  DeviceSchema,
  MAX_REVOCATIONS_PER_LIST,
  type RevocationReason,
  RevocationSchema,
} from "@hawser/wire";
import { create, toBinary } from "@bufbuild/protobuf";
import { brokenRule, type DeviceListFault, deviceListStatement, parseDeviceList, type VerifiedDeviceList } from "./device-list.ts";
import { brokenSuccessorRule } from "./list-chain.ts";

const FIRST_DEVICE_NUMBER = 1;

export interface NewDevice {
  readonly kind: DeviceKind;
  readonly signingKey: Bytes;
  readonly dhKey: Bytes;
  /** 16 bytes; empty for the first phone. */
  readonly attemptId: Bytes;
  /** From `sealDeviceLabel`. */
  readonly sealedLabel: Bytes;
}

export interface DeviceListChange {
  readonly nowMs: number;
  readonly add?: readonly NewDevice[];
  readonly revoke?: readonly { readonly device: number; readonly by: number; readonly reason: RevocationReason }[];
  readonly relabel?: readonly { readonly device: number; readonly sealedLabel: Bytes }[];
}

/**
 * The next list after `previous` (list 1 when `undefined`), signed. New devices get the next free numbers in the order
 * given. `malformed` names the rule that the change would break (too many devices, no phone left, unknown device …).
 */
export function extendDeviceList(
  primitives: Primitives,
  accountSeed: Bytes,
  previous: VerifiedDeviceList | undefined,
  change: DeviceListChange,
): Result<VerifiedDeviceList, DeviceListFault> {
  const accountKey = primitives.ed25519PublicKey(accountSeed);
  assert(previous === undefined || equalBytes(previous.accountKey, accountKey), "the account key belongs to another account");
  const list = nextList(accountKey, previous, change);
  if (list === undefined) return err({ kind: "malformed", rule: "unknown device" });
  const rule = brokenRule(list) ?? (previous === undefined ? undefined : brokenSuccessorRule(previous.list, list));
  if (rule !== undefined) return err({ kind: "malformed", rule });
  const payload = toBinary(DeviceListSchema, list);
  const signature = primitives.ed25519Sign(accountSeed, deviceListStatement(payload));
  return ok(must(parseDeviceList(primitives, { payload, signature }), "own device list"));
}

function nextList(accountKey: Bytes, previous: VerifiedDeviceList | undefined, change: DeviceListChange): DeviceList | undefined {
  const before = previous?.list;
  const known = new Set(before?.devices.map((device) => device.number));
  const revoked = new Map((change.revoke ?? []).map((revocation) => [revocation.device, revocation]));
  const labels = new Map((change.relabel ?? []).map((label) => [label.device, label.sealedLabel]));
  for (const device of [...revoked.keys(), ...labels.keys()]) if (!known.has(device)) return undefined;

  const first = before?.nextDeviceNumber ?? FIRST_DEVICE_NUMBER;
  const added = (change.add ?? []).map((device, index) =>
    create(DeviceSchema, { ...device, number: first + index, addedAtMs: BigInt(Math.floor(change.nowMs)) }),
  );
  const kept = (before?.devices ?? [])
    .filter((device) => !revoked.has(device.number))
    .map((device) => create(DeviceSchema, { ...device, sealedLabel: labels.get(device.number) ?? device.sealedLabel }));
  const revocations = [...revoked.values()].map(({ device, by, reason }) =>
    create(RevocationSchema, { device, revokedBy: by, reason, revokedAtMs: BigInt(Math.floor(change.nowMs)) }),
  );
  return create(DeviceListSchema, {
    accountKey,
    number: BigInt((previous?.number ?? 0) + 1),
    previousHash: previous?.hash ?? new Uint8Array(0),
    signedAtMs: BigInt(Math.floor(change.nowMs)),
    devices: [...kept, ...added],
    revocations: [...(before?.revocations ?? []), ...revocations].slice(-MAX_REVOCATIONS_PER_LIST),
    nextDeviceNumber: first + added.length,
  });
}
