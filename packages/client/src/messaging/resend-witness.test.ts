/**
 * Invariant: what could not be read of a device that has left is asked of an own device that was there. It says what it was if it stands
 * there, that it was no message if it does not, and nothing as long as it cannot tell.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { type AccountId, conversationWith, type DeviceAddress, type DeviceNumber, type MessageId, newMessageId } from "@hawser/base";
import { nodePrimitives, openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { ContentSchema, DeviceKind } from "@hawser/wire";
import { expect, test } from "vitest";
import { openIdentity } from "../account/identity.ts";
import { GAP_MARGIN_MS } from "../bounds.ts";
import type { Core } from "../core.ts";
import { openStore } from "../store/store.ts";
import { createResends } from "./resend.ts";

const NOW_MS = 1_800_000_000_000;
const OWN = "b".repeat(32) as AccountId;
const ANNA = { account: "a".repeat(32) as AccountId, device: 2 as DeviceNumber };
const [PHONE, LAPTOP] = [1, 2] as DeviceNumber[] as [DeviceNumber, DeviceNumber];
const ID = newMessageId(NOW_MS, systemRandom);

/** A device of the account whose newest lists name `own`, and of ANNA's only the phone. */
function device(number: DeviceNumber, own: readonly DeviceNumber[] = [PHONE, LAPTOP], itsClockMs = NOW_MS) {
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  const identity = openIdentity(store.kv);
  identity.setSelf({ account: OWN, device: number, role: "phone", phoneDevice: PHONE } as never);
  const listOf = (devices: readonly number[]) => ({
    list: {
      devices: devices.map((one) => ({
        number: one,
        kind: one === 1 ? DeviceKind.PHONE : DeviceKind.COMPANION,
        addedAtMs: BigInt(NOW_MS - 1),
      })),
      nextDeviceNumber: 9,
    },
    number: 1,
  });
  const lists = { latest: (account: AccountId) => listOf(account === OWN ? own : [1]), numberOf: () => 1, chain: () => [] };
  const given: number[] = [];
  const outcomes: string[] = [];
  const core = {
    store: { ...store, lists },
    timeMs: () => itsClockMs,
    identity,
    ports: { random: systemRandom, clock: { monotonicMs: () => 0, after: () => () => undefined } },
    notify: { changed: () => undefined, message: () => undefined, messagesChanged: () => undefined },
    observe: { resendAsked: () => undefined, resendEnded: (_id: MessageId, code: string) => outcomes.push(code) },
  } as unknown as Core;
  const resends = createResends(core, { online: () => true, give: (to) => given.push(to), refresh: () => undefined });
  const setListed = (listed: 0 | 1) => store.contacts.put(ANNA.account, { listed });
  setListed(1);
  return {
    given,
    outcomes,
    setListed,
    lines: () => store.database.prepare("SELECT count(*) AS n FROM messages").get<{ n: number }>()!.n,
    pending: () => store.resends.pending(ID)?.sender,
    couldNotRead: () => store.atomically(() => resends.ask(ID, ANNA, NOW_MS)),
    annasDeviceLeft: () => store.atomically(() => resends.giveUpLeft()),
    asked: (by: DeviceAddress) => store.atomically(() => resends.requested(ID, by)),
    answered: (by: AccountId) => store.atomically(() => resends.answered(ID, by, true)),
    read: () =>
      store.atomically(() =>
        store.messages.insert({
          id: ID, conversation: store.conversations.ensure(conversationWith(ANNA.account), {}).row, sentAtMs: NOW_MS, orderFrom: NOW_MS * 1_000, outgoing: false,
          senderAccount: ANNA.account, senderName: "", kind: "text", status: "received", text: "hello", quoted: undefined, attachments: [],
        }),
      ), // prettier-ignore
    sentTo: (to: DeviceAddress) =>
      store.outbox
        .list(0, 10)
        .filter(({ account, device: its }) => account === to.account && its === to.device)
        .map(({ content }) => fromBinary(ContentSchema, content).body.case),
  };
}
const own = (number: DeviceNumber): DeviceAddress => ({ account: OWN, device: number });

test("when the sender has left, an own device is asked, and what it has never seen was no message", () => {
  const phone = device(PHONE);
  phone.couldNotRead();
  phone.annasDeviceLeft();
  expect([phone.sentTo(own(LAPTOP)), phone.pending(), phone.lines()]).toEqual([["resendRequest"], own(LAPTOP), 1]);
  phone.answered(ANNA.account);
  expect(phone.lines()).toBe(1);
  phone.answered(OWN);
  expect([phone.lines(), phone.pending(), phone.outcomes]).toEqual([0, undefined, ["nothing"]]);
});

test("a device whose clock is years slow asks, too", () => {
  const phone = device(PHONE, [PHONE, LAPTOP], NOW_MS - 2 * 31_536_000_000);
  phone.couldNotRead();
  phone.annasDeviceLeft();
  expect(phone.pending()).toEqual(own(LAPTOP));
});

test("without another own device the line stays, and nobody is waited for", () => {
  const phone = device(PHONE, [PHONE]);
  phone.couldNotRead();
  phone.annasDeviceLeft();
  expect([phone.lines(), phone.pending(), phone.outcomes]).toEqual([1, undefined, ["sender-left"]]);
});

test("an own device is asked also for what its sender was not asked for yet, but not because of a stranger", () => {
  const [accepted, stranger] = [device(PHONE), device(PHONE)];
  for (const phone of [accepted, stranger]) {
    phone.setListed(0);
    phone.couldNotRead();
  }
  accepted.setListed(1);
  expect([accepted.annasDeviceLeft(), accepted.sentTo(own(LAPTOP))]).toEqual([NOW_MS - GAP_MARGIN_MS, ["resendRequest"]]);
  expect([stranger.annasDeviceLeft(), stranger.sentTo(own(LAPTOP))]).toEqual([undefined, []]);
});

test("a device that never saw it says so; one that has it gives it; one that could not read it either says nothing", () => {
  const answers = (prepare: (laptop: ReturnType<typeof device>) => void) => {
    const laptop = device(LAPTOP);
    prepare(laptop);
    laptop.asked(own(PHONE));
    return [laptop.sentTo(own(PHONE)), laptop.given];
  };
  expect(answers(() => undefined)).toEqual([["nothing"], []]);
  expect(answers((laptop) => laptop.read())).toEqual([[], [PHONE]]);
  expect(answers((laptop) => laptop.couldNotRead())).toEqual([[], []]);
});
