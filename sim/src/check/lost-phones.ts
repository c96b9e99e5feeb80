/**
 * What went with a lost phone. Invariant of the product: what the server took for a device reaches it and is handed on by it. So nothing may be
 * missing where a device that it was taken for is still a member, with the disk it had; and a move loses nothing at all.
 */
import type { Account } from "../nodes/account.ts";
import type { Device } from "../nodes/device.ts";
import type { Cast } from "../run/cast.ts";
import type { SentMessage } from "./oracle.ts";

/** The account was recovered after the server took this, and nobody is left whom it was taken for. `members`: of this account. */
export function wentWithPhone({ world }: Cast, message: SentMessage, account: Account, members: readonly Device[]): boolean {
  const { oracle, wire } = world;
  const takenAtMs = oracle.takenAtMs.get(message.id);
  if (takenAtMs === undefined) return false;
  const keyOf = (device: Device): string => `${account.id}/${oracle.numbers.get(device)?.device}`;
  const isRecovered = account.devices.some(
    (device) => oracle.recovered.has(device) && (oracle.listedAtMs.get(keyOf(device)) ?? 0) > takenAtMs,
  );
  if (!isRecovered) return false;
  const wasRestored = (device: Device): boolean =>
    oracle.restored.some((one) => one.device === device && one.restoredAtMs >= message.askedAtMs);
  return !members.some((device) => wire.takenFor.get(message.id)?.has(keyOf(device)) === true && !wasRestored(device));
}
