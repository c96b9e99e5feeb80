/**
 * What a server dropped because everybody was dormant. Invariant of the product: a mailbox that was emptied loses nothing that another device of
 * its account was given; where all were away for longer than their person chose, there is no such device.
 */
import type { Account } from "../nodes/account.ts";
import type { Device } from "../nodes/device.ts";
import type { Cast } from "../run/cast.ts";
import type { SentMessage } from "./oracle.ts";

/** Of every member that the server took it for, the mailbox was emptied afterwards. `members`: of this account. */
export function wasDropped({ world }: Cast, message: SentMessage, account: Account, members: readonly Device[]): boolean {
  const { oracle, wire } = world;
  const acceptedAtMs = wire.accepted.get(message.id);
  if (acceptedAtMs === undefined || message.fromAccount === account) return false;
  const keys = members
    .map((device) => `${account.id}/${oracle.numbers.get(device)?.device}`)
    .filter((key) => wire.takenFor.get(message.id)?.has(key) === true);
  return keys.length > 0 && keys.every((key) => (oracle.emptiedAtMs.get(key) ?? 0) > acceptedAtMs);
}
