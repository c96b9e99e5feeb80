/** People who choose after how long a device is dormant, and companions that are away for longer. */
import type { SeededRandom } from "../engine/seeded-random.ts";
import type { Cast } from "./cast.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

export async function chooseDormancy(cast: Cast, random: SeededRandom): Promise<void> {
  const chosen = cast.pickMember(random);
  if (chosen === undefined) return;
  cast.note(`${chosen.device.name} has its account's devices dormant after a month`);
  await chosen.client.setSettings({ dormantAfterMonths: 1 }).catch((error: unknown) => cast.note(`it could not: ${String(error)}`));
}

/**
 * A companion is off, and weeks pass in which nothing happens: everybody else sleeps, too, and wakes before the server looks who was away. So only
 * those are dormant then that something else keeps from coming back.
 */
export function leaveForLong(cast: Cast, random: SeededRandom): void {
  const { world } = cast;
  const companions = cast.members(world.accounts.flatMap((account) => cast.companions(account)));
  if (companions.length === 0) return;
  const device = random.pick(companions);
  cast.note(`${device.name} is left behind`);
  device.close();
  world.server.kill("silent");
  for (const other of world.devices) world.network.cut(other.name, "silent");
  const days = random.between(31, 40);
  world.scheduler.leap(days * DAY_MS);
  cast.note(`${Math.round(days)} days later`);
  world.server.start();
  cast.after(random.between(62, 100) * MINUTE_MS, () => {
    cast.note(`${device.name} is found again`);
    device.start();
  });
}
