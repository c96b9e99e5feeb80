/**
 * Invariant: a device that a newer list brought gets what the server may have taken for the older one, under another number, since the
 * server takes none twice; where the server has refused every try, nothing goes out twice. While it waits for one device's keys, those of another are
 * claimed once.
 */
import { create } from "@bufbuild/protobuf";
import {
  accountIdFromBytes,
  type AccountId,
  accountIdToBytes,
  type DeviceNumber,
  type MessageId,
  messageIdFromBytes,
  must,
  newMessageId,
} from "@hawser/base";
import { createPairEngine, type DeviceIdentity, extendDeviceList, type PreKeyBundle, type VerifiedDeviceList } from "@hawser/crypto";
import { openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { decodeSend, DeviceKind, ERROR_CODES, RevocationReason, SendRejectedSchema } from "@hawser/wire";
import { expect, test } from "vitest";
import { openIdentity } from "../account/identity.ts";
import { createRetryPurse } from "../connection/retry-purse.ts";
import type { Core } from "../core.ts";
import { openStore } from "../store/store.ts";
import { testClock } from "../test-clock.ts";
import { encodeContent } from "./content.ts";
import { createOutboxPump } from "./outbox.ts";

const NOW_MS = 1_800_000_000_000;
const context = { nowMs: NOW_MS, random: systemRandom };
const pair = createPairEngine(nodePrimitives);
const one = 1 as DeviceNumber;
const FAR_MS = 30_000;

const entryOf = (device: DeviceIdentity) => ({
  kind: DeviceKind.PHONE,
  signingKey: device.signPublic,
  dhKey: device.dhPublic,
  attemptId: new Uint8Array(0),
  sealedLabel: new Uint8Array(0),
});
const bundleOf = (device: DeviceIdentity): PreKeyBundle => ({
  identityDh: device.dhPublic,
  signPublic: device.signPublic,
  signedPreKey: pair.newSignedPreKey(1, device, context),
  kemPreKey: pair.newKemPreKey(1, device, context),
  oneTimePreKey: pair.newOneTimePreKey(1, context),
});

/** `restored`: the newer list has another phone instead. `added`: two companions more, the second without keys. */
async function setUp(newerHas: "restored" | "added" = "restored") {
  const clock = testClock();
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  const identity = openIdentity(store.kv);
  const [mine, lost, restored] = [pair.newIdentity(context), pair.newIdentity(context), pair.newIdentity(context)];
  const listOf = (device: DeviceIdentity, seed: Uint8Array): VerifiedDeviceList =>
    must(extendDeviceList(nodePrimitives, seed, undefined, { nowMs: NOW_MS, add: [entryOf(device)] }), "list");
  const seed = systemRandom.bytes(32);
  const [own, older] = [listOf(mine, systemRandom.bytes(32)), listOf(lost, seed)];
  const revoke = [{ device: one, by: 2 as DeviceNumber, reason: RevocationReason.REPLACED }];
  const companions = [restored, pair.newIdentity(context)].map((device) => ({ ...entryOf(device), kind: DeviceKind.COMPANION }));
  const change = newerHas === "restored" ? { add: [entryOf(restored)], revoke } : { add: companions };
  const newer = must(extendDeviceList(nodePrimitives, seed, older, { nowMs: NOW_MS, ...change }), "list");
  const self = { account: own.account, device: one };
  store.atomically(() => {
    identity.setKeys(mine);
    identity.setSelf({ ...self, role: "phone", phoneDevice: one, handle: "", displayName: "", deviceName: "" });
    for (const list of [own, older]) store.lists.merge(list.account, [list.entry]);
  });
  const core = {
    store,
    identity,
    pair,
    ports: { clock, primitives: nodePrimitives, random: systemRandom },
    notify: { changed: () => undefined, message: () => undefined },
    observe: { delivered: () => undefined },
    timeMs: () => NOW_MS,
    pairContext: () => context,
    log: () => undefined,
  } as unknown as Core;
  const sent: { readonly request: number; readonly id: MessageId; readonly to: string[] }[] = [];
  const link = {
    online: true,
    sendSealed(frame: Uint8Array, request: number) {
      const { messageId, targets } = must(decodeSend(frame), "frame");
      const to = targets.flatMap(({ account, capsules }) =>
        capsules.map(({ device }) => `${nameOf(accountIdFromBytes(account))} ${device}`),
      );
      sent.push({ request, id: messageIdFromBytes(messageId), to });
      const isOlder = targets[0]!.listNumber < newer.number;
      if (newerHas === "added" && isOlder) clock.after(20, () => reject(request));
      return true;
    },
  };
  const nameOf = (account: AccountId): string => (account === own.account ? "own" : "other");
  const claimed: DeviceNumber[] = [];
  const directory = {
    latest: (account: AccountId) => store.lists.latest(account),
    accept: (account: AccountId) => store.atomically(() => store.lists.merge(account, [newer.entry]).kind),
    claim(_account: AccountId, devices: readonly DeviceNumber[]) {
      claimed.push(...devices);
      const withKeys = devices.filter((device) => device < 3);
      return Promise.resolve(new Map(withKeys.map((device) => [device, bundleOf(device === one ? lost : restored)])));
    },
  };
  const open = () => createOutboxPump(core, link as never, directory as never, {} as never, createRetryPurse(clock));
  let pump = open();
  /** The server holds the newer list. */
  const reject = (request: number): void => {
    const failure = { error: ERROR_CODES.STALE_LIST.code, accountId: accountIdToBytes(older.account), lists: [newer.entry] };
    pump.rejected(create(SendRejectedSchema, { request, failure }));
  };
  const settle = async (): Promise<void> => {
    do await new Promise((done) => setImmediate(done));
    while (sent.length < 100 && clock.next(FAR_MS));
  };
  const messageId = newMessageId(NOW_MS, systemRandom);
  const content = encodeContent(
    { sender: self, conversation: older.account, messageId, sentAtMs: NOW_MS },
    { case: "message", value: { text: "once" } },
  );
  store.atomically(() => {
    store.resends.keepSent(messageId, older.account, content, NOW_MS);
    store.outbox.add({ messageId, audience: "conversation", account: older.account, content });
  });
  pump.admitted();
  await settle();
  return {
    messageId,
    sent,
    claimed,
    store,
    takeNewer: () => directory.accept(older.account),
    restart() {
      pump.stop();
      pump = open();
    },
    async connectAgain() {
      pump.disconnected();
      pump.admitted();
      await settle();
    },
    async stale() {
      reject(sent.at(-1)!.request);
      await settle();
    },
  };
}

test("refused at the first try, it goes out once more for the newer list and that is all", async () => {
  const { sent, stale, messageId } = await setUp();
  await stale();
  expect(sent.map(({ id, to }) => ({ id, to }))).toEqual([
    { id: messageId, to: ["other 1"] },
    { id: messageId, to: ["other 2"] },
  ]);
});

test.each(["connection", "process"])(
  "after a %s that ended without an answer, the device that is new gets a copy under another number",
  async (what) => {
    const { sent, stale, connectAgain, restart, messageId } = await setUp();
    if (what === "process") restart();
    await connectAgain();
    await stale();
    expect(sent.slice(0, 2).map(({ id, to }) => ({ id, to }))).toEqual(Array(2).fill({ id: messageId, to: ["other 1"] }));
    const last = sent.slice(2);
    expect(last.map(({ to }) => to)).toEqual([["other 2"], ["other 2"]]);
    expect(last.filter(({ id }) => id === messageId)).toHaveLength(1);
  },
);

test("what is sealed anew for a newer list goes under another number to whoever it was not sealed for before", async () => {
  const { sent, store, takeNewer, connectAgain, messageId } = await setUp();
  store.atomically(() => store.outbox.unseal());
  takeNewer();
  await connectAgain();
  expect(sent.map(({ to }) => to)).toEqual([["other 1"], ["other 2"], ["other 2"]]);
  expect(sent.filter(({ id }) => id === messageId)).toHaveLength(2);
});

test("what was sealed anew may still have been stored as it was first", async () => {
  const { sent, store, stale, connectAgain, messageId } = await setUp();
  store.atomically(() => store.outbox.unseal());
  await connectAgain();
  await stale();
  expect(sent.map(({ to }) => to)).toEqual([["other 1"], ["other 1"], ["other 2"], ["other 2"]]);
  expect(sent.slice(2).filter(({ id }) => id === messageId)).toHaveLength(1);
});

test("a device whose keys do not come holds up neither the message nor another device's keys", async () => {
  const { sent, claimed, messageId } = await setUp("added");
  expect(sent.length).toBeLessThan(20);
  expect(sent.filter(({ id }) => id === messageId).at(-1)!.to).toEqual(["other 1", "other 2"]);
  expect(claimed.filter((device) => device === 2)).toHaveLength(1);
});
