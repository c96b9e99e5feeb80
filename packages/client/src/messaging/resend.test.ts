/**
 * Invariants: what others may still ask for is forgotten when two clocks say so, this device's and the server's, and not when one of them
 * leapt; what is not answered is asked for again while a connection lasts, ever more seldom, and no more often than its sender answers.
 */
import { type AccountId, type DeviceNumber, messageIdToBytes, newMessageId } from "@hawser/base";
import { nodePrimitives, openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { isOutcome } from "@hawser/wire";
import { expect, test } from "vitest";
import { MAX_RESEND_REQUESTS, MAX_RESENDS_PER_DEVICE_PER_HOUR, RESEND_KEPT_MS } from "../bounds.ts";
import type { Core } from "../core.ts";
import { createOutcomeObserver } from "../outcomes/observer.ts";
import type { Outcome } from "../outcomes/tally.ts";
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
    ports: { random: systemRandom, clock: { monotonicMs: () => 0, after: () => () => undefined } },
    notify: { changed: () => undefined },
    observe: { resendEnded: () => undefined },
  } as unknown as Core;
  const id = newMessageId(SENT_AT_MS, systemRandom);
  store.atomically(() => {
    store.resends.keepSent(id, ANNA, new Uint8Array([1]), SENT_AT_MS);
    const sender = { account: ANNA, device: 1 as DeviceNumber };
    store.resends.putPending({ messageId: id, sender, requests: 1, lastRequestMs: SENT_AT_MS });
  });
  createResends(core, { online: () => true, give: () => undefined, refresh: () => undefined }).askAgain();
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

const MINUTE_MS = 60_000;

/** A device that cannot read what anna sent it, and a clock that only `pass` moves. */
function unreadable(count: number, listed: 0 | 1 = 1) {
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  let nowMs = SENT_AT_MS;
  let timer: { atMs: number; callback: () => void } | undefined;
  let online = true;
  const clock = {
    monotonicMs: () => nowMs,
    after(delayMs: number, callback: () => void) {
      const mine = { atMs: nowMs + delayMs, callback };
      timer = mine;
      return () => void (timer === mine && (timer = undefined));
    },
  };
  const core = {
    store,
    timeMs: () => nowMs,
    identity: {
      phase: () => "ready",
      gapSinceMs: () => undefined,
      mailbox: () => ({ epoch: 1, cursor: 1, committedAtMs: nowMs }),
      requireSelf: () => ({ account: "b".repeat(32), device: 1 }),
    },
    ports: { random: systemRandom, clock },
    notify: { changed: () => undefined, message: () => undefined, messagesChanged: () => undefined },
    observe: createOutcomeObserver({ nowMs: () => nowMs, monotonicMs: () => nowMs }, (outcome) => outcomes.push(outcome)),
  } as unknown as Core;
  const outcomes: Outcome[] = [];
  let lookedFor = 0;
  const resends = createResends(core, { online: () => online, give: () => undefined, refresh: () => lookedFor++ });
  const ids = Array.from({ length: count }, () => newMessageId(SENT_AT_MS, systemRandom));
  store.atomically(() => {
    store.contacts.put(ANNA, { listed });
    for (const id of ids) resends.ask(id, { account: ANNA, device: 1 as DeviceNumber }, SENT_AT_MS);
  });
  return {
    resends,
    askedBy: (device: number) =>
      store.atomically(() => resends.requested(newMessageId(nowMs, systemRandom), { account: ANNA, device: device as DeviceNumber })),
    setOnline: (value: boolean) => (online = value),
    answer: (nothing = true) => store.atomically(() => ids.forEach((id) => resends.answered(id, ANNA, nothing))),
    /** The same by history. */
    comes: () => store.atomically(() => ids.forEach((id) => store.database.prepare("UPDATE messages SET kind = 0 WHERE id = ?").run(messageIdToBytes(id)))), // prettier-ignore
    sleep: (ms: number) => (nowMs += ms),
    /** `undefined`: it ended in no outcome yet. */
    outcome() {
      for (const { attempt, stage, code } of outcomes) expect(isOutcome("device", attempt, stage, code), code).toBe(true);
      expect(outcomes.length).toBeLessThanOrEqual(1);
      return outcomes[0] && [outcomes[0].attempt, outcomes[0].code, outcomes[0].durationMs];
    },
    /** Questions that were written in so many minutes. */
    pass(minutes: number): number {
      const before = store.outbox.count();
      for (const endMs = nowMs + minutes * MINUTE_MS; timer !== undefined && timer.atMs <= endMs;) {
        nowMs = timer.atMs;
        const { callback } = timer;
        timer = undefined;
        callback();
      }
      return store.outbox.count() - before;
    },
    questions: () => store.outbox.count(),
    lookedFor: () => lookedFor,
    neverAsked: () => store.resends.listPending(1, count).length,
  };
}

test("on a connection that lasts, what is not answered is asked for again, ever more seldom and not for ever", () => {
  const { pass, questions } = unreadable(1);
  expect(questions()).toBe(1);
  expect([2, 4, 8, 16].map((minutes) => [pass(minutes - 1), pass(1)])).toEqual([
    [0, 1],
    [0, 1],
    [0, 1],
    [0, 1],
  ]);
  expect(questions()).toBe(MAX_RESEND_REQUESTS);
  expect(pass(24 * 60)).toBe(0);
});

test("who was asked in vain as often as it may be is looked for in its list, until it has answered", () => {
  const { pass, answer, lookedFor } = unreadable(1);
  pass(30);
  expect(lookedFor()).toBe(0);
  pass(60);
  expect(lookedFor()).toBeGreaterThan(3);
  answer();
  pass(20);
  const then = lookedFor();
  pass(60);
  expect(lookedFor()).toBe(then);
});

test("a device that could not read what it was sent is asked once more, however often it was asked", () => {
  const { askedBy, pass } = unreadable(1);
  pass(60);
  expect(pass(600)).toBe(0);
  // Each hears that there is nothing; these answers are not counted.
  askedBy(2);
  expect(pass(60)).toBe(0);
  askedBy(1);
  askedBy(1);
  expect(pass(60)).toBe(1);
});

test("nobody is asked again without a connection, or for what came", () => {
  const offline = unreadable(1);
  offline.setOnline(false);
  expect(offline.pass(60)).toBe(0);
  const answered = unreadable(1);
  answered.answer();
  expect(answered.pass(60)).toBe(0);
  const closed = unreadable(1);
  closed.resends.stop();
  expect(closed.pass(60)).toBe(0);
});

test("a device is asked no more often than it answers, and what is beyond comes later", () => {
  const { pass, questions, neverAsked } = unreadable(MAX_RESENDS_PER_DEVICE_PER_HOUR + 20);
  expect([questions(), neverAsked()]).toEqual([MAX_RESENDS_PER_DEVICE_PER_HOUR, 20]);
  expect(pass(59)).toBe(0);
  expect([pass(2), neverAsked()]).toEqual([MAX_RESENDS_PER_DEVICE_PER_HOUR, 0]);
});

test("what was asked for ends in one outcome: it came, there was nothing, or nobody answered", () => {
  const sent = unreadable(1);
  sent.pass(10);
  expect(sent.outcome()).toBeUndefined();
  sent.answer(false);
  sent.answer(false);
  expect(sent.outcome()).toEqual(["resend", "OK", 10 * MINUTE_MS]);
  const nothing = unreadable(1);
  nothing.answer();
  nothing.pass(60);
  expect(nothing.outcome()).toEqual(["resend", "nothing", 0]);
  const byHistory = unreadable(1);
  byHistory.comes();
  byHistory.pass(10);
  expect(byHistory.outcome()).toEqual(["resend", "OK", MINUTE_MS]);
  const silent = unreadable(1);
  silent.pass(60);
  silent.sleep(2 * RESEND_KEPT_MS);
  silent.resends.askAgain();
  expect(silent.outcome()?.slice(0, 2)).toEqual(["resend", "unanswered"]);
  const stranger = unreadable(1, 0);
  stranger.answer();
  expect(stranger.outcome()).toBeUndefined();
});
