/**
 * A device's store is gone. A phone has its keys in a second place and comes back by itself; a companion asks its phone, which gives it back what
 * it was. The account has another device, so that nothing of it is gone for good.
 */
import type { SeededRandom } from "../engine/seeded-random.ts";
import type { Cast } from "./cast.ts";
import { duration } from "./fault-operations.ts";

export function loseStore(cast: Cast, random: SeededRandom): void {
  const chosen = cast.pickMember(random);
  if (chosen === undefined || chosen.device.disk.raw.isTransaction) return;
  const { device, account } = chosen;
  const { oracle, scheduler } = cast.world;
  // One that was removed does not count, though it may not have heard of it yet.
  const others = cast.members(account.devices.filter((other) => other !== device)).filter((other) => {
    const { account: id, device: listed } = oracle.numbers.get(other)!;
    return !oracle.wasRemovalAsked(id, listed);
  });
  const comesBack = device.vault !== undefined;
  if (others.length === 0 || (cast.isPhone(device) && !comesBack)) return;
  const { device: number } = oracle.numbers.get(device)!;
  cast.note(`${device.name}'s store is lost`);
  device.kill(random.pick(["reset", "silent"] as const));
  device.disk.wipe();
  oracle.restored.push({ device, copiedAtMs: 0, restoredAtMs: scheduler.nowMs });
  cast.after(duration(random), () => void device.start());
  if (!comesBack) cast.links.begin(account, random, { lost: { device, number }, linked: () => leftBehind(cast, chosen, number) });
}

/** Where its phone could not give it back, it is another device now, and its person takes what it was off the list. */
function leftBehind(cast: Cast, { device, account }: NonNullable<ReturnType<Cast["pickMember"]>>, number: number): void {
  if (cast.world.oracle.numbers.get(device)?.device !== number) cast.leftBehind.push({ account, number });
}
