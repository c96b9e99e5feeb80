/**
 * Every way to a code at once, in a hostile world. Invariants: whatever was lost, repeated, crashed or guessed, everything
 * comes to rest; there is at most one device, and it stands in the list exactly when its companion is active under it; a
 * courier brings only codes that were shown, and never for wrong letters; no wait is without an end.
 */
import { describe, expect, test } from "vitest";
import { giverDeadEnds } from "./courier-giver.ts";
import { takerDeadEnds } from "./courier-taker.ts";
import { RouteWorld } from "./route-world.ts";
import { PASSKEYS } from "./test-probe.ts";
import { ORIGIN } from "./test-world.ts";

const START = { type: "start", origin: ORIGIN, deviceName: "Laptop", platform: "Chromium on Linux" } as const;
const LONGEST_MS = 40 * 60_000;
const MAX_HEALING_STEPS = 20_000;

function chaos(world: RouteWorld, steps: number, crashes: number): void {
  for (let i = 0; i < steps; i++) {
    const what = world.random.next();
    if (what < 0.4) world.workAny();
    else if (what < 0.65) world.deliverAny();
    else if (what < 0.655) world.tick();
    else if (what < 0.8) world.someoneActs();
    else if (what < 0.86) world.approveAny();
    else if (what < 0.9 && world.passkeys !== undefined) world.answerPasskey();
    else if (what < 0.94) world.connectAll();
    else if (what > 0.97) world.tellCompanion(START);
    if (world.random.next() < crashes) world.crashAny();
  }
}

/** The network works again, nobody touches anything. */
function heal(world: RouteWorld): void {
  world.lossy = false;
  const startedMs = world.nowMs;
  for (let i = 0; i < MAX_HEALING_STEPS && !world.atRest && world.nowMs - startedMs <= LONGEST_MS; i++) {
    if (i % 8 === 0) world.connectAll();
    for (let each = 0; each < 6; each++) {
      world.workAny();
      world.deliverAny();
    }
    if (i % 4 === 3) world.tick();
  }
}

function check(world: RouteWorld): void {
  expect(world.violations).toEqual([]);
  expect(world.atRest).toBe(true);
  for (const keys of world.signedKeys.values()) expect(keys.size).toBe(1);
  expect(world.signedKeys.size).toBeLessThanOrEqual(world.approvals);
  const living = world.list.filter(({ revoked }) => !revoked);
  expect(living.length).toBeLessThanOrEqual(1);
  for (const { device } of living) expect(world.connectedDevices.has(device)).toBe(true);
  if (living.length === 1) expect(world.companion.state.kind).toBe("active");
  expect(world.phones.filter(({ kind }) => kind === "active").length).toBe(living.length);
  for (const phone of world.phones) if (phone.kind === "failed") expect(phone.error).toBeDefined();
}

describe("all ways at once", () => {
  test("no wait without an end", () => {
    expect(giverDeadEnds()).toEqual([]);
    expect(takerDeadEnds()).toEqual([]);
  });

  test.each([
    ["losses, repeats, reordering, wrong letters and guesses", 0, undefined],
    ["and crashes after any step", 0.05, undefined],
    ["and nothing but passkeys", 0.02, { ...PASSKEYS, required: true }],
  ] as const)("%s: 250 seeds", (_name, crashes, passkeys) => {
    let completed = 0;
    const through = { scanned: 0, typed: 0, reverse: 0 };
    const brought = { scanned: 0, typed: 0, reverse: 0, guesses: 0 };
    for (let seed = 1; seed <= 250; seed++) {
      const world = new RouteWorld(seed);
      world.passkeys = passkeys;
      world.tellCompanion(passkeys === undefined ? START : { ...START, passkeys: true });
      chaos(world, passkeys === undefined ? 300 : 600, crashes);
      heal(world);
      try {
        check(world);
      } catch (cause) {
        throw new Error(`seed ${seed}: ${world.companion.state.kind} / ${world.phones.map(({ kind }) => kind).join(" ")}`, { cause });
      }
      if (world.list.some(({ revoked }) => !revoked)) completed++;
      const ways = (["scanned", "typed", "reverse"] as const).filter((way) => world.brought[way] > 0);
      for (const way of ways) brought[way] += world.brought[way];
      // Where only one way led to a phone, it was that way that the link took.
      if (ways.length === 1 && world.list.some(({ revoked }) => !revoked)) through[ways[0]!]++;
      brought.guesses += world.guesses;
    }
    // The runs must have reached the interesting places.
    expect(completed).toBeGreaterThan(50);
    for (const count of Object.values(brought)) expect(count).toBeGreaterThan(20);
    for (const count of Object.values(through)) expect(count).toBeGreaterThan(2);
  });
});
