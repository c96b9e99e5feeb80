/** What goes wrong with disks, beyond processes that die. */
import type { SeededRandom } from "../engine/seeded-random.ts";
import type { Cast } from "./cast.ts";
import { duration, serverLater, startLater } from "./fault-operations.ts";

/** The whole machine: what its disks had not been told to keep may be gone. */
export function serverPowerLoss(cast: Cast, random: SeededRandom): void {
  const { server } = cast.world;
  if (!server.up) return;
  const fail = (): void => {
    cast.note("the server's power fails");
    server.losePower();
    serverLater(cast, random);
  };
  // Now, or when there is the most to lose.
  if (random.chance(0.4)) return fail();
  server.disks.mailbox.order = { commitsLeft: random.below(6), when: random.pick(["before", "after"]), die: fail };
}

/** A device's store is damaged when it starts again. The account has another device: what could not be saved of it comes from there. */
export function tornStore(cast: Cast, random: SeededRandom): void {
  const chosen = cast.pickMember(random);
  if (chosen === undefined) return;
  const { device, account } = chosen;
  const { oracle, scheduler } = cast.world;
  if (!device.runsToday || cast.members(account.devices.filter((other) => other !== device)).length === 0) return;
  device.kill(random.pick(["reset", "silent"] as const));
  device.damage = random.fork("pages");
  cast.note(`${device.name} dies, and its store is damaged`);
  oracle.restored.push({ device, copiedAtMs: 0, restoredAtMs: scheduler.nowMs });
  startLater(cast, device, random);
}

/** An operator's backup, and its return: what the server was given in between it has never heard of. */
export function serverBackup(cast: Cast, random: SeededRandom): void {
  const { server, oracle, scheduler } = cast.world;
  if (Object.values(server.disks).some((disk) => disk.raw.isTransaction)) return;
  const putBack = server.backUp();
  const copiedAtMs = scheduler.nowMs;
  cast.note("the server is backed up");
  cast.after(duration(random), () => {
    if (cast.healing) return;
    cast.note(`the server is what it was ${Math.round((scheduler.nowMs - copiedAtMs) / 1_000)} s ago`);
    putBack();
    oracle.serverRestored.push({ copiedAtMs, restoredAtMs: scheduler.nowMs });
    serverLater(cast, random);
  });
}
