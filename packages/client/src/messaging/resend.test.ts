/** Invariant: what others may still ask for is forgotten when two clocks say so, this device's and the server's, and not when one of them leapt. */
import { type AccountId, type DeviceNumber, newMessageId } from "@hawser/base";
import { nodePrimitives, openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { expect, test } from "vitest";
import { RESEND_KEPT_MS } from "../bounds.ts";
import type { Core } from "../core.ts";
import { openStore } from "../store/store.ts";
import { createResends } from "./resend.ts";

const SENT_AT_MS = 1_800_000_000_000;
const LATER_MS = SENT_AT_MS + 4 * RESEND_KEPT_MS;
const ANNA = "a".repeat(32) as AccountId;

/** What is left once a device connects whose clock, and whose server's, say this. */
function leftAt(nowMs: number, committedAtMs: number | undefined): { sent: boolean; pending: boolean } {
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  const core = {
    store,
    timeMs: () => nowMs,
    identity: { mailbox: () => ({ epoch: 1, cursor: 1, committedAtMs }), requireSelf: () => ({ account: "b".repeat(32), device: 1 }) },
    ports: { random: systemRandom, clock: { monotonicMs: () => 0 } },
    notify: { changed: () => undefined },
  } as unknown as Core;
  const id = newMessageId(SENT_AT_MS, systemRandom);
  store.atomically(() => {
    store.resends.keepSent(id, ANNA, new Uint8Array([1]), SENT_AT_MS);
    const sender = { account: ANNA, device: 1 as DeviceNumber };
    store.resends.putPending({ messageId: id, sender, requests: 1, lastRequestMs: SENT_AT_MS });
  });
  createResends(core).askAgain();
  return { sent: store.resends.findSent(id) !== undefined, pending: store.resends.pending(id) !== undefined };
}

test("a clock that leapt ahead forgets nothing", () => {
  expect(leftAt(LATER_MS, SENT_AT_MS + 1_000)).toEqual({ sent: true, pending: true });
  expect(leftAt(SENT_AT_MS + 1_000, LATER_MS)).toEqual({ sent: true, pending: true });
  expect(leftAt(LATER_MS, undefined)).toEqual({ sent: true, pending: true });
});

test("when both say that the time is over, it is", () => {
  expect(leftAt(LATER_MS, LATER_MS)).toEqual({ sent: false, pending: false });
});
