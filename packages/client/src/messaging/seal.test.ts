/** Invariant: what waits for a fresh session with a device is sealed in one, however much it is; what is written later waits for another. */
import { type AccountId, type DeviceAddress, type DeviceNumber, newMessageId } from "@hawser/base";
import { createPairEngine, type DeviceIdentity, extendDeviceList, type PreKeyBundle, type VerifiedDeviceList } from "@hawser/crypto";
import { openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { DeviceKind } from "@hawser/wire";
import { expect, test } from "vitest";
import { openIdentity } from "../account/identity.ts";
import type { Core } from "../core.ts";
import type { OutboxRow } from "../store/outbox.ts";
import { openStore } from "../store/store.ts";
import { sealRow } from "./seal.ts";

const context = { nowMs: 1_800_000_000_000, random: systemRandom };
const pair = createPairEngine(nodePrimitives);
const one = 1 as DeviceNumber;

function phoneOf(device: DeviceIdentity): VerifiedDeviceList {
  const phone = { kind: DeviceKind.PHONE, signingKey: device.signPublic, dhKey: device.dhPublic };
  const add = [{ ...phone, attemptId: new Uint8Array(0), sealedLabel: new Uint8Array(0) }];
  const made = extendDeviceList(nodePrimitives, systemRandom.bytes(32), undefined, { nowMs: context.nowMs, add });
  if (!made.ok) throw new Error("no such list");
  return made.value;
}

function setUp() {
  let opened = 0;
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  const identity = openIdentity(store.kv);
  const [mine, its] = [pair.newIdentity(context), pair.newIdentity(context)];
  const lists = [phoneOf(mine), phoneOf(its)] as const;
  const account: AccountId = lists[0].account;
  const other: DeviceAddress = { account: lists[1].account, device: one };
  store.atomically(() => {
    identity.setKeys(mine);
    identity.setSelf({ account, device: one, role: "phone", phoneDevice: one, handle: "", displayName: "", deviceName: "" });
    for (const list of lists) store.lists.merge(list.account, [list.entry]);
  });
  const core = {
    store,
    identity,
    pair: { ...pair, initiate: (...given: Parameters<typeof pair.initiate>) => (opened++, pair.initiate(...given)) },
    ports: { primitives: nodePrimitives, random: systemRandom },
    timeMs: () => context.nowMs,
    pairContext: () => context,
    log: () => undefined,
  } as unknown as Core;
  const bundle: PreKeyBundle = {
    identityDh: its.dhPublic,
    signPublic: its.signPublic,
    signedPreKey: pair.newSignedPreKey(1, its, context),
    kemPreKey: pair.newKemPreKey(1, its, context),
    oneTimePreKey: pair.newOneTimePreKey(1, context),
  };
  const bundles = new Map([[other.account, new Map([[one, bundle]])]]);
  return {
    opened: () => opened,
    /** A question that wants a fresh session, or what any session will do for. */
    write: (freshSession = true): void =>
      store.atomically(() =>
        store.outbox.add({
          messageId: newMessageId(context.nowMs, systemRandom),
          audience: "device",
          ...other,
          freshSession,
          content: new Uint8Array([1]),
        }),
      ),
    seal: (row: OutboxRow, withBundle: boolean) => store.atomically(() => sealRow(core, row, withBundle ? bundles : undefined).kind),
    waiting: () => store.outbox.list(0, 100).filter(({ frame }) => frame === undefined),
  };
}

test("questions that wait together share one fresh session, and the next one has its own", () => {
  const { write, seal, waiting } = setUp();
  for (let i = 0; i < 20; i++) write();
  expect(seal(waiting()[0]!, false)).toBe("needs-sessions");
  expect(seal(waiting()[0]!, true)).toBe("sealed");
  expect(waiting()).toHaveLength(19);
  for (const row of waiting()) expect(seal(row, false)).toBe("sealed");
  write();
  expect(seal(waiting()[0]!, false)).toBe("needs-sessions");
});

test("what asked for keys at once is sealed in the session that the first of it opened", () => {
  const { write, seal, waiting, opened } = setUp();
  for (let i = 0; i < 10; i++) write(false);
  for (const row of waiting()) expect(seal(row, true)).toBe("sealed");
  expect(opened()).toBe(1);
});
