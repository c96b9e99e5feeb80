/** What happens to the phones of accounts. */
import type { SeededRandom } from "../engine/seeded-random.ts";
import type { Cast } from "./cast.ts";
import { duration } from "./fault-operations.ts";

export function movePhone(cast: Cast, random: SeededRandom): void {
  const account = random.pick(cast.world.accounts);
  if (!cast.recoveries.isUnderWay(account) && !cast.moves.isUnderWay(account)) cast.moves.begin(account, random);
}

export function writeRecoveryCode(cast: Cast, random: SeededRandom): Promise<void> {
  return cast.recoveries.writeCode(random.pick(cast.world.accounts));
}

/** Whoever has no code, or none that is known to be good, takes care of the phone. */
export function losePhone(cast: Cast, random: SeededRandom): void {
  const accounts = cast.world.accounts.filter((account) => cast.recoveries.hasCode(account) && !cast.recoveries.isUnderWay(account));
  if (accounts.length > 0) cast.recoveries.lose(random.pick(accounts), random, duration(random));
}
