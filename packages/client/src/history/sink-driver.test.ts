/**
 * Invariants: what is said of a job that another one has brought to its end changes nothing, however late it comes; a question that could not
 * be sent yet has no other beside it; one chat is not everything, whether it was asked for or came unasked.
 */
import { create } from "@bufbuild/protobuf";
import { type AccountId, type ConversationId, type DeviceNumber, fromHex } from "@hawser/base";
import { openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { type HistoryMessageFromSource, HistoryMessageFromSourceSchema } from "@hawser/wire";
import { expect, test } from "vitest";
import type { Core } from "../core.ts";
import { openStore } from "../store/store.ts";
import { createHistorySinks, type SinkParts } from "./sink-driver.ts";

const JOB = "0f".repeat(16);
const jobId = fromHex(JOB)!;
const LAPTOP = 2 as DeviceNumber;

/** A device that starts over a store in which a job of LAPTOP's was superseded. */
function restarted() {
  const { store, sinks } = device();
  const job = { jobId: JOB, source: LAPTOP, messageCount: 0, messagesDone: 0, superseded: true };
  store.historyJobs.put({ job: JOB, direction: "sink", device: LAPTOP, state: job, finished: true, createdAtMs: 1 } as never);
  return sinks();
}

function device({ settling = false } = {}) {
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  let nowMs = 1;
  let timers: { readonly atMs: number; readonly callback: () => void }[] = [];
  const self = { account: "a".repeat(32) as AccountId, device: 3 as DeviceNumber };
  const identity = {
    self: () => self,
    requireSelf: () => self,
    settling: () => settling,
    setSettling: (on: boolean) => (settling = on),
    gapAfterMs: () => undefined,
  };
  const core = {
    store,
    ports: {
      primitives: nodePrimitives,
      random: systemRandom,
      clock: {
        nowMs: () => nowMs,
        monotonicMs: () => nowMs,
        after(afterMs: number, callback: () => void) {
          const timer = { atMs: nowMs + afterMs, callback };
          timers.push(timer);
          return () => (timers = timers.filter((each) => each !== timer));
        },
      },
    },
    identity,
    notify: { changed: () => undefined },
    timeMs: () => nowMs,
    log: () => undefined,
    observe: { sink: () => undefined },
  } as unknown as Core;
  const parts = {
    writer: {},
    candidates: () => [LAPTOP],
    isFirstHistory: (job: string) => job === JOB,
    online: () => true,
    askRead: () => undefined,
    settled: () => undefined,
  };
  return {
    store,
    identity,
    sinks: () => createHistorySinks(core, parts as unknown as SinkParts),
    async pass(ms: number) {
      for (const endMs = nowMs + ms; nowMs < endMs; nowMs += 1_000) {
        const due = timers.filter(({ atMs }) => atMs <= nowMs);
        timers = timers.filter(({ atMs }) => atMs > nowMs);
        for (const { callback } of due) callback();
        await ticks();
      }
    },
  };
}

const ticks = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

test.each<HistoryMessageFromSource["message"]>([
  { case: "declined", value: { jobId } as never },
  { case: "start", value: { jobId, messageCount: 3n, conversationCount: 1, firstScreen: new Uint8Array(0) } as never },
  {
    case: "chunk",
    value: { jobId, index: 0, blobId: new Uint8Array(32), key: new Uint8Array(32), messageCount: 3, sizeBytes: 9 } as never,
  },
  { case: "end", value: { jobId, chunkCount: 1, messageCount: 3n } as never },
])("$case of a superseded job, after a restart", async (message) => {
  const sinks = restarted();
  sinks.take(create(HistoryMessageFromSourceSchema, { message } as never), LAPTOP);
  await ticks();
  expect(sinks.status()?.kind).not.toBe("running");
});

test("while a question waits in the outbox no other is put beside it, also after a restart; once it left, the next follows", async () => {
  const laptop = device();
  const { store, pass } = laptop;
  laptop.sinks().ask(LAPTOP, { afterMs: 1 });
  await pass(3_600_000);
  const waiting = store.outbox.list(0, 10);
  expect(waiting).toHaveLength(1);
  const again = laptop.sinks();
  again.resume();
  await pass(3_600_000);
  expect(store.outbox.list(0, 10)).toEqual(waiting);
  store.outbox.delete(waiting[0]!.row);
  await pass(86_400_000);
  expect(store.outbox.list(0, 10)).toHaveLength(1);
});

test("a new device that asked for one chat, and has got it, still waits for everything", async () => {
  const laptop = device({ settling: true });
  const sinks = laptop.sinks();
  const conversation = `a:${"b".repeat(32)}` as ConversationId;
  sinks.ask(LAPTOP, { conversation, beforeMs: 5 });
  await ticks();
  expect(sinks.status()).toMatchObject({ kind: "running", conversation });
  expect([sinks.askAgain(conversation), sinks.askAgain()]).toEqual([true, false]);

  const [asked] = laptop.store.historyJobs.list();
  const value = { jobId: fromHex(asked!.job)!, chunkCount: 0, messageCount: 0n } as never;
  sinks.take(create(HistoryMessageFromSourceSchema, { message: { case: "end", value } }), LAPTOP);
  await ticks();
  expect([sinks.status(), sinks.askAgain(conversation), laptop.identity.settling()]).toEqual([undefined, false, true]);
});

const IMPORT = "1e".repeat(16);
const tell = async (sinks: ReturnType<typeof createHistorySinks>, message: HistoryMessageFromSource["message"]): Promise<void> => {
  sinks.take(create(HistoryMessageFromSourceSchema, { message } as never), LAPTOP);
  await ticks();
};
const begun = (job: string) =>
  ({ case: "start", value: { jobId: fromHex(job)!, messageCount: 3n, conversationCount: 1, firstScreen: new Uint8Array(0) } }) as never;
const ended = (job: string) => ({ case: "end", value: { jobId: fromHex(job)!, chunkCount: 0, messageCount: 0n } }) as never;

test.each([
  { what: "is done with the first history", unasked: JOB, finished: true },
  { what: "still takes an imported chat", unasked: IMPORT, finished: false },
])("a new device that got everything it asked for $what that came unasked", async ({ unasked, finished }) => {
  const { store, sinks: open } = device({ settling: true });
  const sinks = open();
  sinks.ask(LAPTOP);
  const [asked] = store.historyJobs.list();
  await tell(sinks, begun(unasked));
  await tell(sinks, ended(asked!.job));
  expect(store.historyJobs.find(asked!.job)).toMatchObject({ finished: true });
  expect(store.historyJobs.find(unasked)).toMatchObject({ finished });
});

test("an imported chat that came whole ends neither what a new device asked for nor its first history", async () => {
  const { store, identity, sinks: open } = device({ settling: true });
  const sinks = open();
  await tell(sinks, begun(IMPORT));
  await tell(sinks, begun(JOB));
  sinks.ask(LAPTOP);
  await ticks();
  await tell(sinks, ended(IMPORT));
  expect(store.historyJobs.list().map(({ job, finished }) => finished === (job === IMPORT))).toEqual([true, true, true]);
  expect(identity.settling()).toBe(true);
});
