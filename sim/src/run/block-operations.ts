/** People block a contact on one of their devices, and unblock it there or on another. */
import type { SeededRandom } from "../engine/seeded-random.ts";
import type { Cast } from "./cast.ts";

const LOOK_EVERY_MS = 20_000;

export async function block(cast: Cast, random: SeededRandom): Promise<void> {
  const chosen = cast.pickMember(random);
  if (chosen === undefined) return;
  const { device, account, client } = chosen;
  const other = cast.pickOther(random, account);
  try {
    const isBlocked = (await client.contacts()).some((contact) => contact.account === other.id && contact.blocked);
    cast.note(`${device.name} ${isBlocked ? "unblocks" : "blocks"} ${other.handle}`);
    if (cast.world.blocks.begin(account, other)) look(cast);
    await client.setBlocked(other.id!, !isBlocked);
  } catch (error) {
    cast.note(`${device.name} could not: ${String(error)}`);
  }
}

/** Until it is settled everywhere that nobody is blocked. */
function look(cast: Cast): void {
  cast.after(LOOK_EVERY_MS, () => {
    if (cast.world.blocks.settle((account) => account.devices.filter((device) => cast.isMember(device)))) look(cast);
  });
}
