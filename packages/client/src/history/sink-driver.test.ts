/** What is said of a job that another one has brought to its end changes nothing, however late it comes. */
import { create } from "@bufbuild/protobuf";
import { type AccountId, type DeviceNumber, fromHex } from "@hawser/base";
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
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  const job = { jobId: JOB, source: LAPTOP, messageCount: 0, messagesDone: 0, superseded: true };
  store.historyJobs.put({ job: JOB, direction: "sink", device: LAPTOP, state: job, finished: true, createdAtMs: 1 } as never);
  const self = { account: "a".repeat(32) as AccountId, device: 3 as DeviceNumber };
  const core = {
    store,
    ports: {
      primitives: nodePrimitives,
      random: systemRandom,
      clock: { nowMs: () => 1, monotonicMs: () => 1, after: () => () => undefined },
    },
    identity: { self: () => self, requireSelf: () => self, settling: () => false },
    notify: { changed: () => undefined },
    timeMs: () => 1,
    log: () => undefined,
    observe: { sink: () => undefined },
  } as unknown as Core;
  const parts = { writer: {}, candidates: () => [LAPTOP], online: () => true, askRead: () => undefined, settled: () => undefined };
  return createHistorySinks(core, parts as unknown as SinkParts);
}

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
  for (let i = 0; i < 10; i++) await Promise.resolve();
  expect(sinks.status()?.kind).not.toBe("running");
});
