/** Invariant: a device whose first keys came late asks once for what was written since it was added, also after a restart; one in time never. */
import type { AccountId, DeviceNumber } from "@hawser/base";
import { openSqliteDatabase } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { expect, test } from "vitest";
import { LATE_KEYS_AFTER_MS } from "../bounds.ts";
import type { Core } from "../core.ts";
import { openStore } from "../store/store.ts";
import { askAfterLateKeys, noteFirstKeys } from "./late-keys.ts";

const ADDED_MS = 1_800_000_000_000;

function device(uploadedMs: number) {
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  let timers: (() => void)[] = [];
  const core = {
    store: { ...store, lists: { latest: () => ({ list: { devices: [{ number: 2, addedAtMs: BigInt(ADDED_MS) }] } }) } },
    identity: { requireSelf: () => ({ account: "a".repeat(32) as AccountId, device: 2 as DeviceNumber }) },
    timeMs: () => uploadedMs,
    ports: { clock: { after: (_ms: number, callback: () => void) => timers.push(callback) } },
  } as unknown as Core;
  const asked: number[] = [];
  store.atomically(() => noteFirstKeys(core));
  return {
    asked,
    connected: (online: boolean) =>
      askAfterLateKeys(
        core,
        () => online,
        (afterMs) => asked.push(afterMs),
      ),
    pass() {
      const due = timers;
      timers = [];
      for (const callback of due) callback();
    },
  };
}

test("keys that came late are followed by one question, once there is a connection that lasts so long", () => {
  const late = device(ADDED_MS + LATE_KEYS_AFTER_MS);
  late.connected(false);
  late.pass();
  expect(late.asked).toEqual([]);
  late.connected(true);
  late.connected(true);
  late.pass();
  late.connected(true);
  late.pass();
  expect(late.asked).toEqual([ADDED_MS]);
});

test("keys that came in time are followed by none", () => {
  const inTime = device(ADDED_MS + LATE_KEYS_AFTER_MS - 1);
  inTime.connected(true);
  inTime.pass();
  expect(inTime.asked).toEqual([]);
});
