/** The simulator itself: the same seed gives the same world, its WebCrypto gives WebCrypto's bytes, and each kind of trouble happens and is survived. */
import { webcrypto } from "node:crypto";
import { createClient } from "@hawser/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installSyncSubtle, syncSubtle } from "./engine/sync-subtle.ts";
import { drawPlan } from "./run/plan.ts";
import { runPlan } from "./run/run-plan.ts";
import { shrink } from "./run/shrink.ts";
import { drawPrograms, hasOldVersions } from "./nodes/old-version.ts";
import type { World } from "./nodes/world.ts";
import { MUTATIONS } from "./mutations/mutations.ts";

/** With archives, and all that can happen to one. */
const ARCHIVE_SEEDS = [120_004, 120_007, 120_012, 120_019];

/** With stores that lag behind their commits. */
const LAGGING_SEEDS = [300_008, 300_013, 300_026, 300_031, 300_061, 300_065, 300_069];

/** With stores of devices that are damaged. */
const TORN_SEEDS = [330_019, 330_052, 340_397];

/** With a server that is put back from a backup. */
const BACKUP_SEEDS = [350_015, 350_016, 350_039, 350_100];

/** With frames over HTTP. */
const HTTP_SEEDS = [200_008, 200_011, 200_013, 200_014, 200_028];

let uninstall = (): void => undefined;
beforeAll(() => {
  uninstall = installSyncSubtle();
});
afterAll(() => uninstall());

test("the same seed gives the same trace, another seed another", async () => {
  const first = await runPlan(drawPlan(7, { steps: 20 }));
  const again = await runPlan(drawPlan(7, { steps: 20 }));
  const other = await runPlan(drawPlan(8, { steps: 20 }));
  expect(again).toEqual(first);
  expect(other.traceHash).not.toBe(first.traceHash);
});

test("HMAC, HKDF and X25519 are those of WebCrypto", async () => {
  const { subtle } = webcrypto;
  const key = new Uint8Array(32).fill(9);
  const data = new TextEncoder().encode("data");
  const hmac = { name: "HMAC", hash: "SHA-256", length: 256 };
  const real = await subtle.sign("HMAC", await subtle.importKey("raw", key, hmac, false, ["sign"]), data);
  expect(Buffer.from(await syncSubtle.sign("HMAC", await syncSubtle.importKey("raw", key, hmac), data))).toEqual(Buffer.from(real));
  const hkdf = { name: "HKDF", hash: "SHA-256", salt: key, info: data };
  const realBits = await subtle.deriveBits(hkdf, await subtle.importKey("raw", key, "HKDF", false, ["deriveBits"]), 256);
  expect(Buffer.from(await syncSubtle.deriveBits(hkdf, await syncSubtle.importKey("raw", key, "HKDF"), 256))).toEqual(
    Buffer.from(realBits),
  );
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), key]);
  const curve = { name: "X25519" };
  const mine = await syncSubtle.importKey("pkcs8", pkcs8, curve);
  const its = await subtle.importKey("pkcs8", pkcs8, curve, true, ["deriveBits"]);
  expect(await syncSubtle.exportKey("jwk", mine)).toMatchObject({
    d: (await subtle.exportKey("jwk", its)).d,
    x: (await subtle.exportKey("jwk", its)).x,
  });
});

test("devices of the release before live with today's, and are updated on the store that they left", async () => {
  const seeds = Array.from({ length: 40 }, (_, i) => 30_001 + i)
    .filter(hasOldVersions)
    .slice(0, 6);
  const programs = { old: 0, updated: 0 };
  for (const seed of seeds) {
    const programOf = await drawPrograms(seed);
    let world: World | undefined;
    const { violations } = await runPlan(drawPlan(seed, { short: true }), { onWorld: (its) => (world = its) });
    expect({ seed, violations }).toEqual({ seed, violations: [] });
    for (const { name, starts } of world!.devices) {
      const ran = Array.from({ length: starts }, (_, before) => programOf(name, before) !== createClient);
      if (ran[0] === true) programs.old++;
      if (ran[0] === true && ran.at(-1) === false) programs.updated++;
    }
  }
  expect(programs.old).toBeGreaterThan(2);
  expect(programs.updated).toBeGreaterThan(0);
}, 120_000);

test("archives are written by phones and companions, renew their keys, and give new devices their history", async () => {
  const seen = { all: 0, companions: 0, afterRemoval: 0, newDevices: 0 };
  for (const seed of ARCHIVE_SEEDS) {
    let world: World | undefined;
    const { violations } = await runPlan(drawPlan(seed), { onWorld: (its) => (world = its) });
    expect({ seed, violations }).toEqual({ seed, violations: [] });
    for (const what of Object.keys(seen) as (keyof typeof seen)[]) seen[what] += world!.archives.heads[what];
  }
  for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(0);
}, 120_000);

test("frames go over HTTP whose requests and answers are lost, repeated, cut and answered by others", async () => {
  const met: Record<string, number> = {};
  for (const seed of HTTP_SEEDS) {
    let world: World | undefined;
    const { violations } = await runPlan(drawPlan(seed, { short: true, without: ["people"] }), { onWorld: (its) => (world = its) });
    expect({ seed, violations }).toEqual({ seed, violations: [] });
    for (const [what, count] of Object.entries(world!.network.httpMet)) met[what] = (met[what] ?? 0) + count;
  }
  for (const [what, count] of Object.entries(met)) expect(count, what).toBeGreaterThan(0);
}, 120_000);

test("power fails and mirrors lag: what is lost was promised to nobody", async () => {
  const lost = { server: 0, devices: 0 };
  for (const seed of LAGGING_SEEDS) {
    let world: World | undefined;
    const { violations } = await runPlan(drawPlan(seed, { short: true, without: ["people"] }), { onWorld: (its) => (world = its) });
    expect({ seed, violations }).toEqual({ seed, violations: [] });
    lost.server += world!.server.disks.mailbox.journal?.lost ?? 0;
    for (const { disk } of world!.devices) lost.devices += disk.journal?.lost ?? 0;
  }
  expect(lost.server).toBeGreaterThan(0);
  expect(lost.devices).toBeGreaterThan(5);
}, 120_000);

test("damaged stores are rebuilt from what can be read, and get the rest from elsewhere", async () => {
  const salvaged: number[] = [];
  for (const seed of TORN_SEEDS) {
    let world: World | undefined;
    const { violations } = await runPlan(drawPlan(seed, { short: true, without: ["people"] }), { onWorld: (its) => (world = its) });
    expect({ seed, violations }).toEqual({ seed, violations: [] });
    for (const device of world!.devices) salvaged.push(...device.salvaged);
  }
  // Of one not even the header could be read.
  expect(salvaged).toContain(0);
  expect(salvaged.filter((rows) => rows > 0).length).toBeGreaterThan(1);
}, 120_000);

test("seed 340464: a contact that damage took out of the shared state is shared again", async () => {
  const { violations } = await runPlan(drawPlan(340_464, { short: true, without: ["people", "backups"] }));
  // Lines that nobody can fill any more stand on the phone alone: docs/SIMULATOR.md, "Open".
  expect(violations.filter(({ text }) => text.includes("differ in contacts"))).toEqual([]);
}, 60_000);

test("a server comes back from its backup: nobody is signed out, and what a device of an account has all of them get", async () => {
  let restored = 0;
  for (const seed of BACKUP_SEEDS) {
    let world: World | undefined;
    const { violations } = await runPlan(drawPlan(seed, { short: true, without: ["people"] }), { onWorld: (its) => (world = its) });
    expect({ seed, violations }).toEqual({ seed, violations: [] });
    restored += world!.oracle.serverRestored.length;
  }
  expect(restored).toBeGreaterThanOrEqual(BACKUP_SEEDS.length);
}, 120_000);

test("a failing plan is cut down to what it takes", async () => {
  const mutation = MUTATIONS.find(({ name }) => name === "frames are lost on a living connection")!;
  const plan = drawPlan(mutation.seed, { short: true, without: ["people"] });
  const options = () => ({ seams: mutation.seams() });
  const result = await runPlan(plan, options());
  expect(result.violations).not.toEqual([]);
  const smaller = await shrink(plan, result, 25, options);
  expect(smaller.plan.steps.length).toBeLessThan(plan.steps.length);
  expect(smaller.result.violations).not.toEqual([]);
}, 60_000);
