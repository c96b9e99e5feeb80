/** Invariant: shared state that came late goes on to the devices that were served while it was missing, once, and to no other. */
import { type AccountId, type DeviceNumber, newMessageId } from "@hawser/base";
import { nodePrimitives, openSqliteDatabase, systemRandom } from "@hawser/io-node";
import type { HistoryScope } from "@hawser/sync";
import { expect, test } from "vitest";
import { openIdentity } from "../account/identity.ts";
import type { Core } from "../core.ts";
import { openStore } from "../store/store.ts";
import { createHandingOn } from "./handing-on.ts";

const NOW_MS = 1_800_000_000_000;
const [LAPTOP, TABLET, GONE] = [2, 3, 4] as DeviceNumber[] as [DeviceNumber, DeviceNumber, DeviceNumber];
const ID = newMessageId(NOW_MS, systemRandom);

function phone() {
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  const identity = openIdentity(store.kv);
  const account = "a".repeat(32) as AccountId;
  identity.setSelf({ account, device: 1 as DeviceNumber, role: "phone" } as never);
  const core = { store, identity, timeMs: () => NOW_MS, ports: { random: systemRandom } } as unknown as Core;
  const given = { state: [] as DeviceNumber[], history: [] as [DeviceNumber, HistoryScope][] };
  const handingOn = createHandingOn(core, {
    sources: { begin: (_job, device, scope) => given.history.push([device, scope]) },
    listed: (device) => device !== GONE,
    receiving: () => false,
    giveState: (device) => given.state.push(device),
  });
  const sender = { account, device: LAPTOP };
  return {
    given,
    handingOn,
    couldNotRead: () => store.atomically(() => store.resends.putPending({ messageId: ID, sender, requests: 1, lastRequestMs: NOW_MS })),
    async came() {
      store.atomically(() => {
        store.resends.deletePending(ID);
        handingOn.stateFilled();
      });
      await Promise.resolve();
    },
  };
}

test("devices that were served meanwhile are given it, and those that are gone are not", async () => {
  const { given, handingOn, couldNotRead, came } = phone();
  handingOn.served(LAPTOP);
  couldNotRead();
  handingOn.served(TABLET);
  handingOn.served(GONE);
  await came();
  expect(given).toEqual({ state: [TABLET], history: [[TABLET, { kind: "since", afterMs: NOW_MS }]] });
  await came();
  expect(given.state).toEqual([TABLET]);
});

test("a line that is filled brings history alone", async () => {
  const { given, handingOn, couldNotRead } = phone();
  couldNotRead();
  handingOn.served(TABLET);
  handingOn.lineFilled(NOW_MS * 1_000);
  await Promise.resolve();
  expect(given).toEqual({ state: [], history: [[TABLET, { kind: "since", afterMs: NOW_MS }]] });
});
