/** Invariant: what came late, of history or of shared state, goes on to the devices that were served while it was missing, once, and to no other. */
import { create, toBinary } from "@bufbuild/protobuf";
import { type AccountId, conversationWith, type DeviceNumber, newMessageId } from "@hawser/base";
import { nodePrimitives, openSqliteDatabase, systemRandom } from "@hawser/io-node";
import type { HistoryScope } from "@hawser/sync";
import { HistoryChunkSchema, HistoryMessageFromSourceSchema } from "@hawser/wire";
import { expect, test } from "vitest";
import { openIdentity } from "../account/identity.ts";
import type { Core } from "../core.ts";
import { openHistoryReader, openHistoryWriter } from "../store/history-rows.ts";
import { openStore } from "../store/store.ts";
import { createHandingOn } from "./handing-on.ts";
import { createHistorySinks, type SinkParts } from "./sink-driver.ts";

const NOW_MS = 1_800_000_000_000;
const [LAPTOP, TABLET, GONE] = [2, 3, 4] as DeviceNumber[] as [DeviceNumber, DeviceNumber, DeviceNumber];
const ID = newMessageId(NOW_MS, systemRandom);

const ticks = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

/** The first screen of a device that has one message. */
function screenOf(jobId: Uint8Array, text: string): Uint8Array {
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  store.atomically(() => {
    const { row } = store.conversations.ensure(conversationWith("b".repeat(32) as AccountId));
    const order = store.messages.insert({
      id: newMessageId(NOW_MS, systemRandom), conversation: row, sentAtMs: NOW_MS, orderFrom: NOW_MS * 1_000, outgoing: true, senderAccount: undefined,
      senderName: "", kind: "text", status: "sent", text, quoted: undefined, attachments: [],
    })!; // prettier-ignore
    store.conversations.noteMessage(row, order, undefined);
  });
  return toBinary(HistoryChunkSchema, create(HistoryChunkSchema, { jobId, conversations: openHistoryReader(store).firstScreen(1, 1) }));
}

function phone() {
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  const identity = openIdentity(store.kv);
  const account = "a".repeat(32) as AccountId;
  identity.setSelf({ account, device: 1 as DeviceNumber, role: "phone" } as never);
  const clock = { nowMs: () => NOW_MS, monotonicMs: () => NOW_MS, after: () => () => undefined };
  const core = {
    store,
    identity,
    timeMs: () => NOW_MS,
    ports: { random: systemRandom, primitives: nodePrimitives, clock },
    notify: { changed: () => undefined, messagesChanged: () => undefined },
    observe: { sink: () => undefined },
  } as unknown as Core;
  const given = { state: [] as DeviceNumber[], history: [] as [DeviceNumber, HistoryScope][] };
  const handingOn = createHandingOn(core, {
    sources: { begin: (_job, device, scope) => given.history.push([device, scope]) },
    listed: (device) => device !== GONE,
    receiving: () => sinks.receiving(),
    giveState: (device) => given.state.push(device),
  });
  const sender = { account, device: LAPTOP };
  const sinks = createHistorySinks(core, {
    writer: openHistoryWriter(store, ({ outgoing }) => ({ outgoing }), identity.noteNews),
    people: { accepted: () => undefined, stranger: () => undefined },
    candidates: () => [],
    online: () => true,
    settled: () => handingOn.settled(),
  } as Partial<SinkParts> as SinkParts);
  return {
    given,
    handingOn,
    async says(from: DeviceNumber, jobId: Uint8Array, text?: string) {
      const firstScreen = text === undefined ? new Uint8Array(0) : screenOf(jobId, text);
      const start = { case: "start", value: { jobId, messageCount: 1n, conversationCount: 1, firstScreen } };
      store.atomically(() => sinks.take(create(HistoryMessageFromSourceSchema, { message: start } as never), from));
      await ticks();
    },
    async ends(from: DeviceNumber, jobId: Uint8Array) {
      const end = { case: "end", value: { jobId, chunkCount: 0, messageCount: 1n } };
      store.atomically(() => sinks.take(create(HistoryMessageFromSourceSchema, { message: end } as never), from));
      await ticks();
    },
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

test.each([
  ["the last has news", [undefined, "hello"]],
  ["the last has none", ["hello", undefined]],
])("of several jobs that end together each one's news counts: %s", async (_which, [first, second]) => {
  const { given, handingOn, says, ends } = phone();
  const [one, other] = [systemRandom.bytes(16), systemRandom.bytes(16)];
  await says(LAPTOP, one, first);
  await says(GONE, other, second);
  handingOn.served(TABLET);
  await ends(LAPTOP, one);
  expect(given.history).toEqual([]);
  await ends(GONE, other);
  expect(given).toEqual({ state: [TABLET], history: [[TABLET, { kind: "all" }]] });
  // What is told again is no news.
  const third = systemRandom.bytes(16);
  await says(LAPTOP, third);
  handingOn.served(TABLET);
  await ends(LAPTOP, third);
  expect(given.history).toHaveLength(1);
});
