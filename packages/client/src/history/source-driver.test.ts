/** A source that died with uploads under way does them again when it comes back, and announces each chunk that it has. */
import { type AccountId, conversationWith, type DeviceNumber, newMessageId } from "@hawser/base";
import { openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import type { SourceState } from "@hawser/sync";
import { expect, test } from "vitest";
import type { BlobTransfer } from "../blobs/transfer.ts";
import type { Core } from "../core.ts";
import { openHistoryReader } from "../store/history-rows.ts";
import { openStore, type Store } from "../store/store.ts";
import { createHistorySources } from "./source-driver.ts";

const ACCOUNT = "a".repeat(32) as AccountId;
const FRIEND = "b".repeat(32) as AccountId;
const JOB = "0f".repeat(16);
const MESSAGES = 3_500;

function fill(store: Store): void {
  store.atomically(() => {
    const { row } = store.conversations.ensure(conversationWith(FRIEND));
    for (let i = 1; i <= MESSAGES; i++) {
      store.messages.insert({
        id: newMessageId(i, systemRandom), conversation: row, sentAtMs: i, orderFrom: i * 1_000, outgoing: true, senderAccount: ACCOUNT, senderName: "",
        kind: "text", status: "sent", text: `text ${i}`, quoted: undefined, attachments: [],
      }); // prettier-ignore
    }
  });
}

/** A client's life over one store; `uploads` decides which uploads ever end. */
function life(store: Store, uploads: (nth: number) => boolean) {
  let nth = 0;
  const self = { account: ACCOUNT, device: 1 as DeviceNumber };
  const queue: (() => void)[] = [];
  const core = {
    store,
    ports: { primitives: nodePrimitives, random: systemRandom, clock: { nowMs: () => 1, monotonicMs: () => 1, after: (_ms: number, run: () => void) => (queue.push(run), () => undefined) } },
    identity: { self: () => self, requireSelf: () => self },
    notify: { changed: () => undefined },
    timeMs: () => 1,
    pairContext: () => ({ nowMs: 1, random: systemRandom }),
    log: () => undefined,
    observe: { source: () => undefined },
  } as unknown as Core; // prettier-ignore
  const transfer = { upload: () => (uploads(nth++) ? Promise.resolve() : new Promise<void>(() => undefined)) } as unknown as BlobTransfer;
  const sources = createHistorySources(core, openHistoryReader(store), transfer);
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 200; turn++) {
      queue.shift()?.();
      await Promise.resolve();
    }
  };
  return { sources, settle };
}

const durable = (store: Store): SourceState => store.historyJobs.find(JOB)!.state as SourceState;

test("what was being uploaded when the process died is uploaded by the next one", async () => {
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  fill(store);
  const first = life(store, (nth) => nth === 0);
  first.sources.begin(JOB, 2 as DeviceNumber, { kind: "all" });
  await first.settle();
  first.sources.stop();
  expect(durable(store).chunks.filter((chunk) => chunk.announced)).toHaveLength(1);

  const second = life(store, () => true);
  second.sources.resume();
  await second.settle();
  const state = durable(store);
  expect(state.endAnnounced).toBe(true);
  expect(state.chunks.every((chunk) => chunk.announced)).toBe(true);
  expect(state.chunks.reduce((sum, chunk) => sum + chunk.messageCount, 0)).toBe(MESSAGES);
});
