/** Invariant: of the devices that a list names and no attempt speaks of, those that never came alive are taken off it, once, and no others. */
import type { DeviceNumber } from "@hawser/base";
import type { VerifiedDeviceList } from "@hawser/crypto";
import { openSqliteDatabase } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { CLEAN_UP_RETRY_MS, PHONE_ACTIVATION_MS } from "@hawser/linking";
import { DeviceKind } from "@hawser/wire";
import { expect, test } from "vitest";
import type { Core } from "../core.ts";
import { openStore } from "../store/store.ts";
import { createForgottenLinks } from "./forgotten-links.ts";

const PHONE = 1 as DeviceNumber;
const LAPTOP = 2 as DeviceNumber;

const listOf = (...devices: number[]): VerifiedDeviceList => listSince(0, ...devices);
const listSince = (addedAtMs: number, ...devices: number[]): VerifiedDeviceList =>
  ({
    list: { devices: devices.map((number) => ({ number, kind: DeviceKind.COMPANION, addedAtMs: BigInt(addedAtMs) })), revocations: [] },
  }) as never;

function phone(store = openStore(openSqliteDatabase(":memory:"), nodePrimitives), startMs = 1_800_000_000_000) {
  let nowMs = startMs;
  let timer: { readonly atMs: number; readonly callback: () => void } | undefined;
  const clock = {
    after(delayMs: number, callback: () => void) {
      const mine = { atMs: nowMs + delayMs, callback };
      timer = mine;
      return () => void (timer === mine && (timer = undefined));
    },
  };
  const said = { alive: undefined as boolean | undefined, isUnderWay: false, list: listOf(PHONE, LAPTOP), fails: 0 };
  const undone: DeviceNumber[] = [];
  let questions = 0;
  const core = {
    ports: { clock },
    store,
    identity: { self: () => ({ role: "phone", device: PHONE }) },
    timeMs: () => nowMs,
  } as unknown as Core;
  const links = createForgottenLinks(core, {
    latest: () => said.list,
    isUnderWay: () => said.isUnderWay,
    everConnected: () => (questions++, Promise.resolve(said.alive)),
    undo(device) {
      if (said.fails-- > 0) return Promise.reject(new Error("offline"));
      undone.push(device);
      return Promise.resolve();
    },
  });
  return {
    store,
    links,
    said,
    undone,
    questions: () => questions,
    nowMs: () => nowMs,
    learn: () => links.listsAdvanced(listOf(PHONE), [said.list]),
    async pass(ms: number) {
      nowMs += ms;
      const due = timer;
      if (due !== undefined && due.atMs <= nowMs) {
        timer = undefined;
        due.callback();
      }
      for (let i = 0; i < 10; i++) await Promise.resolve();
    },
  };
}

test("a device that never came alive is taken off after the time that an attempt would have waited", async () => {
  const { learn, pass, undone, said, questions } = phone();
  said.alive = false;
  learn();
  await pass(PHONE_ACTIVATION_MS - 1);
  expect([questions(), undone]).toEqual([0, []]);
  await pass(1);
  expect(undone).toEqual([LAPTOP]);
  await pass(PHONE_ACTIVATION_MS * 10);
  expect([questions(), undone]).toEqual([1, [LAPTOP]]);
});

test.each([
  ["came alive", { alive: true }],
  ["is looked after by its attempt", { alive: false, isUnderWay: true }],
  ["has left the list", { alive: false, list: listOf(PHONE) }],
])("a device that %s stays as it is", async (_why, then) => {
  const { learn, pass, undone, said } = phone();
  learn();
  Object.assign(said, then);
  await pass(PHONE_ACTIVATION_MS);
  await pass(PHONE_ACTIVATION_MS);
  expect(undone).toEqual([]);
});

test("without an answer nothing is decided, and it is asked again until it is done", async () => {
  const { learn, pass, undone, said, questions } = phone();
  learn();
  await pass(PHONE_ACTIVATION_MS);
  expect([questions(), undone]).toEqual([1, []]);
  Object.assign(said, { alive: false, fails: 1 });
  await pass(CLEAN_UP_RETRY_MS);
  expect([questions(), undone]).toEqual([2, []]);
  await pass(CLEAN_UP_RETRY_MS);
  expect([questions(), undone]).toEqual([3, [LAPTOP]]);
});

test("a phone that is closed before the time is over goes on with it when it connects again", async () => {
  const first = phone();
  first.learn();
  first.links.stop();
  const again = phone(first.store, first.nowMs() + PHONE_ACTIVATION_MS);
  again.said.alive = false;
  again.links.connected();
  await again.pass(0);
  expect(again.undone).toEqual([LAPTOP]);
});

test.each([
  ["an hour ago, and never came alive, is taken off once", 3_600_000, false, [LAPTOP]],
  ["an hour ago, and came alive, stays", 3_600_000, true, []],
  ["days ago stays, whatever the server says", 3 * 86_400_000, false, []],
])("by a phone that took the account over, a device that was added %s", async (_what, agoMs, alive, undone) => {
  const taker = phone();
  Object.assign(taker.said, { alive, list: listSince(taker.nowMs() - agoMs, PHONE, LAPTOP) });
  taker.links.connected();
  await taker.pass(PHONE_ACTIVATION_MS);
  taker.links.connected();
  await taker.pass(PHONE_ACTIVATION_MS);
  expect(taker.undone).toEqual(undone);
});
