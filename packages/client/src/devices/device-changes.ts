/** What happened to an account's devices from one signed list to the next: the lists themselves say it, nobody has to be believed. */
import type { DeviceNumber } from "@hawser/base";
import type { VerifiedDeviceList } from "@hawser/crypto";
import { type Device, DeviceKind, RevocationReason } from "@hawser/wire";

export interface DeviceChange {
  readonly kind: "added" | "removed";
  readonly device: Device;
  readonly atMs: number;
  /** Whoever decided it: the revoking device; for an addition the account's phone, if there is one it could have been. */
  readonly by: DeviceNumber | undefined;
  /** A link that never came about: it ends what was said about its beginning. */
  readonly undone: boolean;
}

export function deviceChanges(before: VerifiedDeviceList, lists: readonly VerifiedDeviceList[]): DeviceChange[] {
  const changes: DeviceChange[] = [];
  let previous = before;
  for (const next of lists) {
    changes.push(...added(previous, next), ...removed(previous, next));
    previous = next;
  }
  return changes;
}

const has = (list: VerifiedDeviceList, number: number): boolean => list.list.devices.some((device) => device.number === number);

function added(previous: VerifiedDeviceList, next: VerifiedDeviceList): DeviceChange[] {
  const fresh = next.list.devices.filter((device) => !has(previous, device.number));
  return fresh.map((device) => {
    const phone = next.list.devices.find((other) => other.kind === DeviceKind.PHONE && other.number !== device.number);
    return { kind: "added", device, atMs: Number(device.addedAtMs), by: phone?.number as DeviceNumber | undefined, undone: false };
  });
}

function removed(previous: VerifiedDeviceList, next: VerifiedDeviceList): DeviceChange[] {
  const gone = previous.list.devices.filter((device) => !has(next, device.number));
  return gone.map((device) => {
    const revocation = next.list.revocations.find((candidate) => candidate.device === device.number);
    return {
      kind: "removed",
      device,
      atMs: Number(revocation?.revokedAtMs ?? next.list.signedAtMs),
      by: revocation?.revokedBy as DeviceNumber | undefined,
      undone: revocation?.reason === RevocationReason.LINK_UNDONE,
    };
  });
}
