/**
 * Both machines of a link against each other in a hostile world. Invariants: whatever was lost, repeated, reordered or
 * crashed, both sides come to rest by their deadlines; a device stands in the list exactly when its companion is active under
 * it (no ghosts); one attempt signs one pair of keys; the phone signs nothing that no person approved.
 */
import { describe, expect, test } from "vitest";
import { PASSKEYS } from "./test-probe.ts";
import { LinkWorld, ORIGIN } from "./test-world.ts";

const START = { type: "start", origin: ORIGIN, deviceName: "Laptop", platform: "Chromium on Linux" } as const;
/** All deadlines of the longest path of both sides, with the retries of cleaning up. */
const LONGEST_MS = 30 * 60_000;
const RESTING_COMPANION = ["idle", "active", "failed", "paused"];
const RESTING_PHONE = ["idle", "active", "failed"];
const MAX_HEALING_STEPS = 5_000;

function chaos(world: LinkWorld, steps: number, crashes: number, cancels: boolean): void {
  for (let i = 0; i < steps; i++) {
    const side = world.random.next() < 0.5 ? "phone" : "companion";
    const what = world.random.next();
    if (what < 0.45) world.work(side);
    else if (what < 0.66) world.deliver(side);
    else if (what < 0.68) world.tick();
    else if (what < 0.76) world.scan();
    else if (what < 0.79 && world.passkeys !== undefined) world.answerPasskey();
    else if (what < 0.84) world.approve();
    else if (what < 0.92) {
      world.tellPhone({ type: "connected" });
      world.tellCompanion({ type: "connected" });
    } else if (cancels && what > 0.99) world.tellCompanion({ type: "cancel" });
    else if (cancels && what > 0.98) world.tellPhone({ type: "reject" });
    else if (what > 0.95) world.tellCompanion(START);
    // The machines' states are persisted before every effect, so any step may be the last.
    if (world.random.next() < crashes) world.crash(side);
  }
}

/**
 * People who are there, and a network that works. After `crashAfter` things that a machine or a person did, a process dies and starts anew.
 * Says how many there were.
 */
function linkWith(world: LinkWorld, crashAfter: number, dies: readonly ("phone" | "companion")[]): number {
  world.lossy = false;
  let done = 0;
  const act = (what: () => void): void => {
    what();
    if (++done !== crashAfter) return;
    for (const side of dies) world.crash(side);
    world.tellPhone({ type: "connected" });
    world.tellCompanion({ type: "connected" });
  };
  act(() => world.tellCompanion(START));
  const { companion } = world;
  for (let round = 0; round < 200; round++) {
    if (companion.state.kind === "waiting-for-scan" && world.phone.state.kind === "idle") act(() => world.scan());
    if (companion.state.kind === "comparing" && world.phone.state.kind === "comparing") act(() => world.approve());
    for (const side of ["phone", "companion"] as const) {
      if (world[side].tasks.length > 0) act(() => world.work(side));
      act(() => world.deliver(side));
    }
    if (companion.state.kind === "active" && world.phone.state.kind === "active") return done;
  }
  return done;
}

/** The network works again, nobody touches anything: everything must come to rest. */
function heal(world: LinkWorld): void {
  world.lossy = false;
  const startedMs = world.nowMs;
  for (let i = 0; i < MAX_HEALING_STEPS; i++) {
    world.tellPhone({ type: "connected" });
    world.tellCompanion({ type: "connected" });
    for (let each = 0; each < 4; each++)
      for (const side of ["phone", "companion"] as const) {
        world.work(side);
        world.deliver(side);
      }
    const rested = RESTING_COMPANION.includes(world.companion.state.kind) && RESTING_PHONE.includes(world.phone.state.kind);
    if (rested && world.companion.tasks.length + world.phone.tasks.length === 0) return;
    if (world.companion.tasks.length + world.phone.tasks.length === 0) world.tick();
    if (world.nowMs - startedMs > LONGEST_MS) return;
  }
}

function check(world: LinkWorld): void {
  const { companion, phone } = world;
  expect(world.violations).toEqual([]);
  expect(RESTING_COMPANION).toContain(companion.state.kind);
  expect(RESTING_PHONE).toContain(phone.state.kind);
  for (const side of [companion.state, phone.state]) if (side.kind === "failed") expect(side.error).toBeDefined();
  for (const keys of world.signedKeys.values()) expect(keys.size).toBe(1);
  expect(world.signedKeys.size).toBeLessThanOrEqual(world.approvals);
  const living = world.list.filter(({ revoked }) => !revoked);
  // A device in the list was welcomed once, under its own keys; nothing else may stand there.
  for (const { device } of living) expect(world.connectedDevices.has(device)).toBe(true);
  expect(living.length).toBeLessThanOrEqual(1);
  if (phone.state.kind === "active") expect(living.length).toBe(1);
  if (living.length === 1) expect(companion.state.kind).toBe("active");
}

describe("two sides", () => {
  test("an undisturbed link completes, and both screens say the same code", () => {
    const world = new LinkWorld(1);
    world.lossy = false;
    world.tellCompanion(START);
    world.work("companion");
    world.scan();
    for (let i = 0; i < 20; i++)
      for (const side of ["phone", "companion"] as const) {
        world.work(side);
        world.deliver(side);
      }
    expect(world.phone.state.kind).toBe("comparing");
    expect(world.companion.state.kind).toBe("comparing");
    expect(world.phone.state.matchCode).toBe(world.companion.state.matchCode);
    world.approve();
    for (let i = 0; i < 20; i++)
      for (const side of ["phone", "companion"] as const) {
        world.work(side);
        world.deliver(side);
      }
    expect([world.phone.state.kind, world.companion.state.kind]).toEqual(["active", "active"]);
    for (const side of [world.phone, world.companion]) expect(side.saved).not.toMatch(/"(secret|signingSeed|stateKey)"/);
    check(world);
  });

  const STEPS = linkWith(new LinkWorld(7), 0, []);
  test.each([
    ["the phone", ["phone"]],
    ["the companion", ["companion"]],
    ["both", ["phone", "companion"]],
  ] as const)("after each single step %s may die: the same scan becomes a link all the same, and one device", (_name, dies) => {
    expect(STEPS).toBeGreaterThan(20);
    for (let step = 1; step < STEPS; step++) {
      const world = new LinkWorld(7);
      linkWith(world, step, dies);
      const states = [world.phone.state.kind, world.companion.state.kind];
      expect({ step, states, scans: world.scans, listed: world.list.length }).toEqual({
        step,
        states: ["active", "active"],
        scans: 1,
        listed: 1,
      });
      check(world);
    }
  });

  test.each([
    ["losses, repeats, reordering", 0, false, undefined],
    ["and crashes after any step", 0.15, false, undefined],
    ["and people who change their minds", 0.1, true, undefined],
    ["and passkeys where there are any", 0.1, true, PASSKEYS],
    ["and nothing but passkeys", 0.1, false, { ...PASSKEYS, required: true }],
  ] as const)("%s: 1,500 seeds", (_name, crashes, cancels, passkeys) => {
    let completed = 0;
    let undone = 0;
    for (let seed = 1; seed <= 1_500; seed++) {
      const world = new LinkWorld(seed);
      world.passkeys = passkeys;
      world.tellCompanion({ ...START, passkeys: passkeys !== undefined && seed % 4 > 0 });
      chaos(world, passkeys === undefined ? 120 : 240, crashes, cancels);
      heal(world);
      try {
        check(world);
      } catch (cause) {
        throw new Error(`seed ${seed}: ${world.companion.state.kind} / ${world.phone.state.kind}`, { cause });
      }
      if (world.list.some(({ revoked }) => !revoked)) completed++;
      undone += world.list.filter(({ revoked }) => revoked).length;
    }
    // The runs must have reached the interesting places.
    expect(completed).toBeGreaterThan(passkeys === undefined ? 100 : 40);
    expect(undone).toBeGreaterThan(0);
  });
});
