/**
 * The keys behind a delivery's sender. Invariant: what a device sent while it stood in its account's list is its own and is read, also when
 * the list that takes the device away comes first; what the server took long after that is nobody's. Against an honest server, which
 * takes nothing of a removed device, nothing depends on the times; a dishonest one could keep the list back just as well.
 */
import type { DeviceAddress } from "@hawser/base";
import type { Device } from "@hawser/wire";
import { MAX_REVOCATION_LAG_MS } from "../bounds.ts";
import type { DeviceListStore } from "../store/device-lists.ts";
import { deviceOf } from "./directory.ts";

/** The device as its account signed it, if it may have sent what the server took at `takenAtMs`. */
export function senderDevice(lists: DeviceListStore, { account, device }: DeviceAddress, takenAtMs: number): Device | undefined {
  const latest = lists.latest(account);
  const current = deviceOf(latest, device);
  if (current !== undefined) return current;
  const revocation = latest?.list.revocations.find((candidate) => candidate.device === device);
  if (revocation === undefined || takenAtMs > Number(revocation.revokedAtMs) + MAX_REVOCATION_LAG_MS) return undefined;
  return lists.former(account, device);
}

/** The list says what there is to say about the device: it is there, or it was and is gone. */
export const isJudged = (lists: DeviceListStore, { account, device }: DeviceAddress): boolean =>
  device < (lists.latest(account)?.list.nextDeviceNumber ?? 0);
