/** What people do around an encrypted archive, and what goes wrong with it: phones that are off when they are needed most, an outage of its store. */
import type { SeededRandom } from "../engine/seeded-random.ts";
import type { Device } from "../nodes/device.ts";
import type { Account } from "../nodes/world.ts";
import type { Cast } from "./cast.ts";
import { duration } from "./fault-operations.ts";
import { MAX_DEVICES } from "./people-operations.ts";

const HOUR_MS = 3_600_000;
const SWITCHED_OFF_AGAIN = 0.35;

/** One that keeps an archive, as its phone's disk has it; anyone where there is none. */
function pickAccount(cast: Cast, random: SeededRandom): Account {
  const { accounts } = cast.world;
  const keeping = accounts.filter((account) => keepsArchive(cast.phone(account)));
  return random.pick(keeping.length > 0 ? keeping : accounts);
}

/** A disk that was lost has no tables. */
const keepsArchive = ({ disk }: Device): boolean =>
  disk.rows("SELECT 1 FROM sqlite_schema WHERE name = 'archive_on'").length > 0 && disk.rows("SELECT archive FROM archive_on").length > 0;

export async function switchArchive(cast: Cast, random: SeededRandom): Promise<void> {
  const account = random.pick(cast.world.accounts);
  const phone = cast.members([cast.phone(account)])[0];
  if (phone === undefined) return;
  const { on } = await phone.client!.archive();
  if (on && !random.chance(SWITCHED_OFF_AGAIN)) return;
  cast.note(`${phone.name} switches its archive ${on ? "off" : "on"}`);
  await phone.client!.setArchive(!on).catch((error: unknown) => cast.note(`${phone.name} could not: ${String(error)}`));
}

/** The phone is off from the approval on: whoever is linked has to do without it. */
export function linkAlone(cast: Cast, random: SeededRandom): void {
  const account = pickAccount(cast, random);
  if (1 + cast.companions(account).length >= MAX_DEVICES) return;
  cast.links.begin(account, random, { approved: () => goAway(cast, account, random.pick([0, 400, 3_000]), duration(random)) });
}

export async function revokeReader(cast: Cast, random: SeededRandom): Promise<void> {
  const account = pickAccount(cast, random);
  const phone = cast.members([cast.phone(account)])[0];
  const companions = cast.companions(account).flatMap((device) => cast.world.oracle.numbers.get(device) ?? []);
  if (phone === undefined || companions.length === 0) return;
  const { device } = random.pick(companions);
  cast.note(`${phone.name} revokes device ${device}, which could read the archive`);
  cast.world.oracle.removalAsked(account, device);
  await phone
    .client!.revokeDevice(device as never)
    .catch((error: unknown) => cast.note(`${phone.name} could not revoke: ${String(error)}`));
}

/** Long enough for companions to write in its place, now and then. */
export function phoneAway(cast: Cast, random: SeededRandom): void {
  goAway(cast, pickAccount(cast, random), 0, random.pick([0.2, 2, 6, 20]) * random.fraction() * HOUR_MS);
}

function goAway(cast: Cast, account: Account, afterMs: number, awayMs: number): void {
  const phone = cast.phone(account);
  cast.after(afterMs, () => {
    if (cast.healing || phone.client === undefined) return;
    cast.note(`${phone.name} is switched off`);
    phone.close();
    cast.after(awayMs, () => {
      cast.note(`${phone.name} is switched on`);
      phone.start();
    });
  });
}

export function archiveOutage(cast: Cast, random: SeededRandom): void {
  const { blobs } = cast.world.server.disks;
  cast.note("the server's archive does not answer");
  blobs.outOfService = true;
  cast.after(duration(random), () => {
    blobs.outOfService = false;
  });
}
