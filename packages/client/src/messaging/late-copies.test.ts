import type { AccountId, DeviceAddress, DeviceNumber } from "@hawser/base";
import { openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { expect, test } from "vitest";
import { MAX_LATE_COPIES, MAX_LATE_COPY_BYTES } from "../bounds.ts";
import type { Core } from "../core.ts";
import { openStore } from "../store/store.ts";
import { keepForLater } from "./late-copies.ts";

const device = (number: number): DeviceAddress => ({
  account: "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" as AccountId,
  device: number as DeviceNumber,
});
const DEVICES = Array.from({ length: 10 }, (_, i) => device(i + 2));

function setUp() {
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  const events: string[] = [];
  const core = { store, ports: { random: systemRandom }, timeMs: () => 1_000, log: ({ event }: { event: string }) => events.push(event) };
  const keep = (audience: "conversation" | "peer", bytes: Uint8Array): void =>
    store.atomically(() => keepForLater(core as unknown as Core, { audience, content: bytes }, DEVICES));
  return { store, events, keep };
}
const content = (number: number, sizeBytes = 100): Uint8Array => {
  const bytes = new Uint8Array(sizeBytes);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
};

test("each device's copy is kept once, and no more of them than the bound, however many devices never come", () => {
  const { store, events, keep } = setUp();
  for (let i = 0; i < 2; i++) keep("conversation", content(0));
  expect(store.outbox.copies().count).toBe(10);
  keep("peer", content(1));
  expect(store.outbox.copies().count).toBe(10);
  for (let i = 1; i < 400; i++) keep("conversation", content(i));
  expect(store.outbox.copies().count).toBe(MAX_LATE_COPIES);
  expect(events).toContain("late-copies-full");
});

test("large ones are bounded by their size", () => {
  const { store, keep } = setUp();
  for (let i = 0; i < 100; i++) keep("conversation", content(i, 60_000));
  const { count, bytes } = store.outbox.copies();
  expect(bytes).toBeLessThanOrEqual(MAX_LATE_COPY_BYTES);
  expect(count).toBe(Math.floor(MAX_LATE_COPY_BYTES / 60_000));
});
