/** What goes wrong. Every fault ends by itself, and at the latest when the world heals. */
import type { Device } from "../nodes/device.ts";
import { ROLES } from "../nodes/virtual-server.ts";
import type { SeededRandom } from "../engine/seeded-random.ts";
import type { Cast } from "./cast.ts";
import { healFrameHttp } from "./frame-http-trouble.ts";

const DAY_MS = 86_400_000;

export const duration = (random: SeededRandom): number =>
  random.pick([500, 8_000, 45_000, 300_000, 3 * 3_600_000]) * (0.2 + random.fraction());
const anyDevice = (cast: Cast, random: SeededRandom): Device | undefined => {
  const devices = cast.running();
  return devices.length === 0 ? undefined : random.pick(devices);
};

export function suspend(cast: Cast, random: SeededRandom): void {
  const device = anyDevice(cast, random);
  if (device === undefined) return;
  const { life } = device.machine;
  cast.note(`${device.name} is suspended`);
  device.machine.suspend();
  // A sleeping computer's sockets die sooner or later; nobody tells it.
  if (random.chance(0.5)) cast.world.network.cut(device.name, random.pick(["reset", "silent"]));
  cast.after(duration(random), () => {
    if (device.machine.life !== life) return;
    cast.note(`${device.name} wakes`);
    device.machine.wake();
  });
}

export function startLater(cast: Cast, device: Device, random: SeededRandom): void {
  cast.after(duration(random), () => {
    cast.note(`${device.name} is started`);
    device.start();
  });
}

export function crash(cast: Cast, random: SeededRandom): void {
  const device = anyDevice(cast, random);
  if (device === undefined) return;
  const how = random.pick(["reset", "silent"] as const);
  cast.note(`${device.name} dies (${how})`);
  device.kill(how);
  startLater(cast, device, random);
}

export function crashAtCommit(cast: Cast, random: SeededRandom): void {
  const device = anyDevice(cast, random);
  if (device === undefined) return;
  const when = random.pick(["before", "after"] as const);
  const how = random.pick(["reset", "silent"] as const);
  const commitsLeft = random.below(12);
  cast.note(`${device.name} will die ${when} its ${commitsLeft}. commit`);
  device.disk.order = {
    commitsLeft,
    when,
    die() {
      cast.note(`${device.name} dies ${when} a commit (${how})`);
      device.kill(how);
      startLater(cast, device, random);
    },
  };
}

export function cut(cast: Cast, random: SeededRandom): void {
  const device = random.pick(cast.world.devices);
  const how = random.pick(["reset", "silent"] as const);
  cast.note(`${device.name}'s connections are cut (${how})`);
  cast.world.network.cut(device.name, how);
}

export function partition(cast: Cast, random: SeededRandom): void {
  const device = random.pick(cast.world.devices);
  const path = cast.world.network.path(device.name);
  const which = random.pick(["up", "down", "both"] as const);
  cast.note(`${device.name}'s way ${which} stands still`);
  path.upHeld ||= which !== "down";
  path.downHeld ||= which !== "up";
  cast.after(duration(random), () => {
    cast.note(`${device.name}'s way is free`);
    cast.world.network.release(device.name);
  });
}

export function openingTrouble(cast: Cast, random: SeededRandom): void {
  const device = random.pick(cast.world.devices);
  const path = cast.world.network.path(device.name);
  path.opening = random.pick(["refused", "503", "hangs"] as const);
  cast.note(`${device.name}'s new connections meet: ${path.opening}`);
  if (random.chance(0.7)) cast.world.network.cut(device.name, "reset");
  cast.after(duration(random), () => {
    path.opening = "works";
  });
}

export function slowNetwork(cast: Cast, random: SeededRandom): void {
  const device = random.pick(cast.world.devices);
  const path = cast.world.network.path(device.name);
  path.lowMs = random.pick([100, 1_000, 4_000]);
  path.highMs = path.lowMs * random.pick([1, 2, 4]);
  cast.note(`${device.name}'s network is slow: ${path.lowMs}–${path.highMs} ms`);
  cast.after(duration(random), () => {
    path.lowMs = 5;
    path.highMs = 60;
  });
}

export function serverLater(cast: Cast, random: SeededRandom): void {
  cast.after(duration(random), () => {
    if (cast.world.server.up) return;
    cast.note("the server is started");
    cast.world.server.start();
  });
}

export function serverCrash(cast: Cast, random: SeededRandom): void {
  if (!cast.world.server.up) return;
  const how = random.pick(["reset", "silent"] as const);
  cast.note(`the server dies (${how})`);
  cast.world.server.kill(how);
  serverLater(cast, random);
}

export function serverCrashAtCommit(cast: Cast, random: SeededRandom): void {
  const { server } = cast.world;
  const role = random.pick(ROLES);
  const when = random.pick(["before", "after"] as const);
  const commitsLeft = random.below(10);
  cast.note(`the server will die ${when} its ${commitsLeft}. commit of ${role}`);
  server.disks[role].order = {
    commitsLeft,
    when,
    die() {
      cast.note(`the server dies ${when} a commit of ${role}`);
      server.kill(random.pick(["reset", "silent"]));
      serverLater(cast, random);
    },
  };
}

export function serverRestart(cast: Cast, random: SeededRandom): void {
  const { server } = cast.world;
  if (!server.up) return;
  cast.note("the server is stopped");
  void server.stop().then(() => cast.after(random.between(50, 20_000), () => (server.up ? undefined : server.start())));
}

export function roleOutage(cast: Cast, random: SeededRandom): void {
  const { disks } = cast.world.server;
  const role = random.pick(ROLES);
  cast.note(`the server's ${role} store does not answer`);
  disks[role].outOfService = true;
  cast.after(duration(random), () => {
    disks[role].outOfService = false;
  });
}

export function clockJump(cast: Cast, random: SeededRandom): void {
  const machine = random.pick(cast.world.devices).machine;
  const jumpMs = random.pick([-1, 1]) * random.pick([3_000, 3_600_000, 30 * DAY_MS, 3 * 365 * DAY_MS]) * random.fraction();
  machine.offsetMs += Math.round(jumpMs);
  cast.note(`${machine.name}'s clock jumps by ${Math.round(jumpMs / 1_000)} s`);
}

/** Someone backs a disk up, goes on, and puts the copy back. The account has another device, so that nothing of it is gone for good. */
export function oldCopy(cast: Cast, random: SeededRandom): void {
  const chosen = cast.pickMember(random);
  if (chosen === undefined || chosen.device.disk.raw.isTransaction) return;
  const { device, account } = chosen;
  const { oracle, scheduler } = cast.world;
  const copy = device.disk.copy();
  const copiedAtMs = scheduler.nowMs;
  const was = oracle.numbers.get(device);
  cast.note(`${device.name}'s disk is copied`);
  cast.after(duration(random), () => {
    const others = cast.members(account.devices.filter((other) => other !== device));
    const isSame = oracle.numbers.get(device)?.device === was?.device && !oracle.revokedSeen.has(device) && !cast.wiped.has(device);
    if (cast.healing || others.length === 0 || !isSame) return;
    cast.note(`${device.name}'s disk is what it was ${Math.round((scheduler.nowMs - copiedAtMs) / 1_000)} s ago`);
    device.kill(random.pick(["reset", "silent"] as const));
    device.disk.restore(copy);
    oracle.restored.push({ device, copiedAtMs, restoredAtMs: scheduler.nowMs });
    startLater(cast, device, random);
  });
}

/** Everything works again; nothing is started here that was not running before the trouble. */
export function heal(cast: Cast): void {
  const { world } = cast;
  cast.note("the world heals");
  world.httpFaults.lostAnswers = 0;
  healFrameHttp(cast);
  for (const disk of Object.values(world.server.disks)) {
    disk.outOfService = false;
    disk.order = undefined;
  }
  if (!world.server.up) world.server.start();
  for (const device of world.devices) {
    const path = world.network.path(device.name);
    Object.assign(path, { lowMs: 5, highMs: 60, opening: "works", manners: world.network.usualManners });
    device.disk.order = undefined;
    world.network.release(device.name);
    device.machine.wake();
    device.start();
  }
}
