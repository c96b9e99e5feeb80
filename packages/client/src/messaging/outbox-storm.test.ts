/** A server that can store nothing is not asked for it over and over by a full outbox; when it can again, everything leaves in its order. */
import { create } from "@bufbuild/protobuf";
import { type AccountId, type DeviceNumber, newMessageId } from "@hawser/base";
import { openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { encodeFrame, ERROR_CODES, SendRejectedSchema } from "@hawser/wire";
import { expect, test } from "vitest";
import { createRetryPurse } from "../connection/retry-purse.ts";
import type { Core } from "../core.ts";
import { openStore } from "../store/store.ts";
import { testClock } from "../test-clock.ts";
import { createOutboxPump, type OutboxPump } from "./outbox.ts";

const LANES = 60;
/** Its body is the number. */
const frameOf = (i: number): Uint8Array =>
  encodeFrame({
    type: "send",
    request: 1,
    messageId: new Uint8Array(16),
    targets: [{ account: new Uint8Array(20), listNumber: 1, listHashPrefix: new Uint8Array(8), capsules: [] }],
    body: new Uint8Array([i]),
  });

test("ten minutes without a store cost a bounded number of sends; then all are stored within seconds, each lane in order", async () => {
  const clock = testClock();
  /** Until then, or until nothing is left to send. */
  const pass = async (untilMs: number): Promise<void> => {
    do for (let turn = 0; turn < 30; turn++) await Promise.resolve();
    while (store.outbox.count() > 0 && clock.next(untilMs));
  };
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  const self = { account: "a".repeat(32) as AccountId, device: 1 as DeviceNumber };
  const core = {
    store,
    ports: { clock, primitives: nodePrimitives, random: systemRandom },
    identity: { self: () => self, requireSelf: () => self, phase: () => "ready" },
    notify: { changed: () => undefined, message: () => undefined },
    observe: { delivered: () => undefined },
    timeMs: () => clock.nowMs(),
    log: () => undefined,
  } as unknown as Core;
  let [works, sends] = [false, 0];
  const stored: number[] = [];
  const link = {
    online: true,
    sendSealed(frame: Uint8Array, request: number) {
      sends++;
      const failure = { error: ERROR_CODES.STORE_UNAVAILABLE.code };
      if (works) stored.push(frame.at(-1)!);
      clock.after(20, () => (works ? pump.acknowledge([request]) : pump.rejected(create(SendRejectedSchema, { request, failure }))));
      return true;
    },
  };
  const pump: OutboxPump = createOutboxPump(core, link as never, {} as never, {} as never, createRetryPurse(clock));
  const rows = Array.from({ length: 2 * LANES }, (_, i) =>
    store.atomically(() => {
      const account = (i % LANES).toString(16).padStart(32, "0") as AccountId;
      store.outbox.add({ messageId: newMessageId(i, systemRandom), audience: "conversation", account, content: new Uint8Array([i]) });
      const { row } = store.outbox.list(0, 1_000).at(-1)!;
      store.outbox.setFrame(row, frameOf(i), new Uint8Array(32));
      return i;
    }),
  );
  pump.admitted();
  await pass(600_000);
  expect(sends).toBeGreaterThan(rows.length);
  // Each once, those at once, and twenty a minute.
  expect(sends).toBeLessThanOrEqual(rows.length + 30 + 10 * 20);
  works = true;
  const sinceMs = clock.nowMs();
  await pass(1_200_000);
  expect(store.outbox.count()).toBe(0);
  expect(clock.nowMs() - sinceMs).toBeLessThanOrEqual(65_000);
  for (let lane = 0; lane < LANES; lane++) expect(stored.filter((i) => i % LANES === lane)).toEqual([lane, lane + LANES]);
});
