/**
 * What may follow in a chain of lists that is as long as it may be. Invariants: a device can always be taken away, and an account can be
 * restored; neither lets anybody fill a store, because a removal takes a device away for good and restoring has a bounded reserve. Nothing
 * is left out of the chain: it stays numbered and hashed from its first list on. docs/PROTOCOL.md, "Linking".
 */
import { DeviceKind, RECOVERY_LISTS } from "@hawser/wire";
import type { VerifiedDeviceList } from "./device-list.ts";

/** `after` follows `before` in a verified chain. */
export function mayFollowFull(before: VerifiedDeviceList, after: VerifiedDeviceList, maxLists: number): boolean {
  if (after.number <= maxLists || after.list.devices.length < before.list.devices.length) return true;
  return after.number <= maxLists + RECOVERY_LISTS && isRecovery(before, after);
}

/** One new phone in the place of all there were; nothing else is added. */
function isRecovery({ list: before }: VerifiedDeviceList, { list: after }: VerifiedDeviceList): boolean {
  const added = after.devices.filter(({ number }) => number >= before.nextDeviceNumber);
  const phones = after.devices.filter(({ kind }) => kind === DeviceKind.PHONE);
  return after.devices.length <= before.devices.length && added.length === 1 && phones.length === 1 && phones[0] === added[0];
}
