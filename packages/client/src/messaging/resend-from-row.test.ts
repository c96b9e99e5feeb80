/**
 * Invariant: a device whose store was put back sends again what its own other devices gave back to it, to whom it was meant for and to nobody
 * else; as long as something is missing it does not say that there is nothing.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { type AccountId, conversationWith, type DeviceAddress, type DeviceNumber, newMessageId } from "@hawser/base";
import { nodePrimitives, openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { ContentSchema } from "@hawser/wire";
import { beforeEach, expect, test } from "vitest";
import { openIdentity } from "../account/identity.ts";
import { RESEND_KEPT_MS } from "../bounds.ts";
import type { Core } from "../core.ts";
import { openStore } from "../store/store.ts";
import { createResends } from "./resend.ts";

const SENT_AT_MS = 1_800_000_000_000;
const SELF = { account: "b".repeat(32) as AccountId, device: 1 as DeviceNumber };
const of = (letter: string, device: number): DeviceAddress => ({
  account: letter.repeat(32) as AccountId,
  device: device as DeviceNumber,
});
/** Its second device was linked after the message. */
const ANNA = of("a", 1);
const ID = newMessageId(SENT_AT_MS, systemRandom);

let nowMs = 0;
let store: ReturnType<typeof openStore>;
let core: Core;
beforeEach(() => {
  nowMs = SENT_AT_MS + 1_000;
  store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  const identity = openIdentity(store.kv);
  identity.setSelf({ ...SELF, role: "phone", phoneDevice: 1 } as never);
  const device = (number: number, addedAtMs: number) => ({ number, addedAtMs: BigInt(addedAtMs) });
  const devices = [device(1, SENT_AT_MS - 1), device(2, SENT_AT_MS + 1)];
  core = {
    store: { ...store, lists: { latest: () => ({ list: { devices } }) } },
    timeMs: () => nowMs,
    identity,
    ports: { random: systemRandom, clock: { monotonicMs: () => 0 } },
    notify: { changed: () => undefined },
  } as unknown as Core;
  for (const { account } of [ANNA, of("c", 1)]) store.contacts.put(account, { listed: 1 });
});

/** As history brings it: the row, and no copy to send again. */
function giveBack(text = "hello"): void {
  store.atomically(() => {
    const conversation = store.conversations.ensure(conversationWith(ANNA.account), {});
    store.messages.insert({
      id: ID,
      conversation: conversation.row,
      sentAtMs: SENT_AT_MS,
      orderFrom: SENT_AT_MS * 1_000,
      outgoing: true,
      senderAccount: SELF.account,
      senderName: "",
      kind: "text",
      status: "sent",
      text,
      quoted: undefined,
      attachments: [],
    });
    core.identity.setMailbox(1, 1, nowMs);
  });
}
/** What waits for that device now. */
function answers(to: DeviceAddress): (string | undefined)[] {
  return store.outbox
    .list(0, 10)
    .filter(({ account, device }) => account === to.account && device === to.device)
    .map(({ content }) => fromBinary(ContentSchema, content).body)
    .map((body) => (body.case === "message" ? body.value.text : body.case));
}
function answerTo(by: DeviceAddress): (string | undefined)[] {
  store.atomically(() => createResends(core, { online: () => true, give: () => undefined, refresh: () => undefined }).requested(ID, by));
  return answers(by);
}

test("what came back is sent again, as it was", () => {
  giveBack();
  expect(answerTo(ANNA)).toEqual(["hello"]);
  const { content } = store.outbox.list(0, 1)[0]!;
  expect(fromBinary(ContentSchema, content)).toMatchObject({ senderDevice: SELF.device, sentAtMs: BigInt(SENT_AT_MS) });
});

test("own devices get it, too", () => {
  giveBack();
  expect(answerTo({ ...SELF, device: 2 as DeviceNumber })).toEqual(["hello"]);
});

test.each([
  ["a device that was linked later", of("a", 2)],
  ["a device that is not in the list", of("a", 3)],
  ["another account", of("c", 1)],
])("%s hears that there is nothing", (_who, by) => {
  giveBack();
  expect(answerTo(by)).toEqual(["nothing"]);
});

test("what is older than kept copies would be is not sent", () => {
  nowMs = SENT_AT_MS + RESEND_KEPT_MS + 1;
  giveBack();
  expect(answerTo(ANNA)).toEqual(["nothing"]);
});

test("what fits into no body is not sent", () => {
  giveBack("x".repeat(300_000));
  expect(answerTo(ANNA)).toEqual(["nothing"]);
});

test("while something is missing here the answer waits for it, once for each who asks", () => {
  core.identity.noteGap(nowMs, 0);
  expect(answerTo(ANNA)).toEqual([]);
  expect(answerTo(ANNA)).toEqual([]);
  giveBack();
  store.atomically(() => createResends(core, { online: () => true, give: () => undefined, refresh: () => undefined }).gapFilled());
  expect(answers(ANNA)).toEqual(["hello"]);
  store.atomically(() => createResends(core, { online: () => true, give: () => undefined, refresh: () => undefined }).gapFilled());
  expect(answers(ANNA)).toHaveLength(1);
});

test("what does not come back is nothing in the end", () => {
  core.identity.noteGap(nowMs, 0);
  expect(answerTo(ANNA)).toEqual([]);
  store.atomically(() => createResends(core, { online: () => true, give: () => undefined, refresh: () => undefined }).gapFilled());
  expect(answers(ANNA)).toEqual(["nothing"]);
});
