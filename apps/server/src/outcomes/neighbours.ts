/**
 * Does linking a device disturb the others? Whenever an account's list changes, the devices that are connected then, and stay on the list,
 * are looked at again a little later. Invariant: it only looks; at most `MAX_WATCHED` lists are watched at once, others go unseen.
 */
import type { AccountId, Clock, DeviceNumber } from "@hawser/base";

/** A dropped connection is made again well within it. */
export const LOOK_AGAIN_MS = 10_000;
export const MAX_WATCHED = 1_024;

export interface Neighbours {
  listChanged(account: AccountId, revoked: readonly DeviceNumber[]): void;
  stop(): void;
}

export function watchNeighbours(
  clock: Clock,
  connected: (account: AccountId) => readonly DeviceNumber[],
  seen: (still: number, lost: number) => void,
): Neighbours {
  const watched = new Map<AccountId, () => void>();
  return {
    listChanged(account, revoked) {
      if (watched.has(account) || watched.size >= MAX_WATCHED) return;
      const before = connected(account).filter((device) => !revoked.includes(device));
      if (before.length === 0) return;
      const look = (): void => {
        watched.delete(account);
        const now = new Set(connected(account));
        const still = before.filter((device) => now.has(device)).length;
        seen(still, before.length - still);
      };
      watched.set(account, clock.after(LOOK_AGAIN_MS, look));
    },
    stop() {
      for (const cancel of watched.values()) cancel();
    },
  };
}
