/** Invariant: a device whose first keys came late asks once for what was written since it was added, also after a restart; one in time never. */
import type { AccountId, DeviceNumber } from "@hawser/base";
import { openSqliteDatabase } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { expect, test } from "vitest";
import { KEYLESS_FOR_MS, LATE_KEYS_AFTER_MS } from "../bounds.ts";
import type { Core } from "../core.ts";
import type { LookAgain } from "../look-again.ts";
import { openStore } from "../store/store.ts";
import { createLateKeys, noteFirstKeys } from "./late-keys.ts";

const ADDED_MS = 1_800_000_000_000;
const ASKED_AFTER_MS = 2 * KEYLESS_FOR_MS;

function device(uploadedMs: number) {
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  let nowMs = uploadedMs;
  let online = true;
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  const asked: number[] = [];
  const core = {
    store: { ...store, lists: { latest: () => ({ list: { devices: [{ number: 2, addedAtMs: BigInt(ADDED_MS) }] } }) } },
    identity: { requireSelf: () => ({ account: "a".repeat(32) as AccountId, device: 2 as DeviceNumber }) },
    timeMs: () => nowMs,
    ports: {
      clock: {
        after(afterMs: number, callback: () => void) {
          const timer = { atMs: nowMs + afterMs, callback };
          timers.add(timer);
          return () => timers.delete(timer);
        },
      },
    },
  } as unknown as Core;
  const open = (): LookAgain =>
    createLateKeys(
      core,
      () => online,
      (afterMs) => asked.push(afterMs),
    );
  store.atomically(() => noteFirstKeys(core));
  let late = open();
  return {
    asked,
    store,
    timers,
    restart() {
      late.stop();
      late = open();
    },
    async connected(yes: boolean) {
      online = yes;
      if (yes) late.now();
      await Promise.resolve();
    },
    async pass(ms: number) {
      nowMs += ms;
      for (const timer of timers) {
        if (timer.atMs > nowMs) continue;
        timers.delete(timer);
        timer.callback();
      }
      await Promise.resolve();
    },
  };
}

test("keys that came late are followed by one question, by one timer however many connections there are", async () => {
  const late = device(ADDED_MS + LATE_KEYS_AFTER_MS);
  for (let i = 0; i < 5; i++) await late.connected(true);
  expect(late.timers.size).toBe(1);
  await late.pass(ASKED_AFTER_MS - 1);
  expect(late.asked).toEqual([]);
  await late.pass(1);
  expect(late.asked).toEqual([ADDED_MS]);
  await late.connected(true);
  await late.pass(ASKED_AFTER_MS);
  expect(late.asked).toHaveLength(1);
  expect(late.timers.size).toBe(0);
});

test("without a connection then it is asked by the next one, also after a restart and an update", async () => {
  const late = device(ADDED_MS + LATE_KEYS_AFTER_MS);
  await late.connected(false);
  late.restart();
  await late.pass(ASKED_AFTER_MS);
  expect(late.asked).toEqual([]);
  await late.connected(true);
  expect(late.asked).toEqual([ADDED_MS]);
  late.store.kv.setJson("keys-late", ADDED_MS + 1);
  await late.connected(true);
  expect(late.asked).toEqual([ADDED_MS, ADDED_MS + 1]);
});

test("keys that came in time are followed by none", async () => {
  const inTime = device(ADDED_MS + LATE_KEYS_AFTER_MS - 1);
  await inTime.connected(true);
  await inTime.pass(ASKED_AFTER_MS);
  expect(inTime.asked).toEqual([]);
});
