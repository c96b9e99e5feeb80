/**
 * Invariants: a phone that never answers is asked ever more seldom; pages that are forged, foreign, repeated, late or not all there change
 * nothing; a phone answers its own devices only, and not without end.
 */
import { fromBinary } from "@bufbuild/protobuf";
import type { AccountId, DeviceNumber } from "@hawser/base";
import { accountIdOf } from "@hawser/crypto";
import { openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { signSnapshot } from "@hawser/sync";
import { isOutcome, type Content, ContentSchema, DeviceKind, type SignedStateSnapshotPage } from "@hawser/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openIdentity } from "../account/identity.ts";
import { MAX_STATE_ANSWERS_PER_HOUR, STATE_CHECK_AGAIN_AFTER_MS, STATE_CHECK_EVERY_MS } from "../bounds.ts";
import type { Core } from "../core.ts";
import { openStore } from "../store/store.ts";
import { createStateChecks } from "./state-checks.ts";
import { createStateSync } from "./state-sync.ts";

const DAY_MS = 24 * 3_600_000;
const SEED = new Uint8Array(32).fill(3);
const accountKey = nodePrimitives.ed25519PublicKey(SEED);
const account = accountIdOf(nodePrimitives, accountKey);
const [PHONE, LAPTOP, TABLET] = [1, 2, 3] as DeviceNumber[] as [DeviceNumber, DeviceNumber, DeviceNumber];
const DEVICES = [
  { number: PHONE, kind: DeviceKind.PHONE },
  { number: LAPTOP, kind: DeviceKind.COMPANION },
  { number: TABLET, kind: DeviceKind.COMPANION },
];
const at = (device: DeviceNumber) => ({ account, device });

/** One device with a real store, and a clock that only `pass` moves. */
function device(number: DeviceNumber) {
  let nowMs = 1_800_000_000_000;
  let wakes = 0;
  let timer: { atMs: number; callback: () => void } | undefined;
  const clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after(delayMs: number, callback: () => void) {
      const mine = { atMs: nowMs + delayMs, callback };
      timer = mine;
      return () => void (timer === mine && (timer = undefined));
    },
  };
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  const identity = openIdentity(store.kv);
  const role = number === PHONE ? "phone" : "companion";
  identity.setSelf({ account, device: number, role, phoneDevice: PHONE, handle: "anna", displayName: "Anna", deviceName: "" });
  if (role === "phone") identity.setAccountSeed(SEED);
  const refused: unknown[] = [];
  const ended: string[] = [];
  const core = {
    ports: { primitives: nodePrimitives, random: systemRandom, clock },
    store: { ...store, lists: { latest: () => ({ list: { accountKey, devices: DEVICES } }) } },
    identity,
    notify: { changed: () => undefined },
    timeMs: () => nowMs,
    observe: {
      ended: (attempt: string, stage: string, code: string, durationMs: number) => {
        expect(isOutcome("device", attempt, stage, code)).toBe(true);
        expect(durationMs).toBeGreaterThanOrEqual(0);
        ended.push(code);
      },
    },
    log: ({ event, reason }: { event: string; reason?: unknown }) => event === "state-snapshot-refused" && refused.push(reason),
  } as unknown as Core;
  const yes = (): boolean => true;
  const none = (): void => undefined;
  const events = { leaving: none, mayAnswerAlert: yes, alertAnswered: none, listChosen: none, takePasskeys: yes, mayShareArchive: yes, archiveChanged: none, blockChanged: none, accepted: none }; // prettier-ignore
  const state = createStateSync(core, events);
  const checks = createStateChecks(core, { state, online: yes });
  return {
    store,
    checks,
    refused,
    ended,
    wakes: () => wakes,
    state,
    atomically: store.atomically,
    write: (key: string, value: number) => store.atomically(() => state.share("contact", key, new Uint8Array([value]))),
    rows: () => store.stateEntries.all(),
    pass(ms: number) {
      for (const endMs = nowMs + ms; nowMs < endMs;) {
        const due = timer;
        if (due === undefined || due.atMs > endMs) {
          nowMs = endMs;
          continue;
        }
        timer = undefined;
        wakes++;
        nowMs = Math.max(nowMs, due.atMs);
        due.callback();
      }
    },
    /** Takes what waits in the outbox. */
    said(): Content["body"][] {
      const all = store.outbox.list(0, 1_000);
      for (const { row } of all) store.outbox.delete(row);
      return all.map(({ content }) => fromBinary(ContentSchema, content).body);
    },
  };
}
type Device = ReturnType<typeof device>;

function hear(to: Device, from: DeviceNumber, bodies: readonly Content["body"][]): void {
  for (const body of bodies)
    to.atomically(() => {
      if (body.case === "state") to.state.take(body.value, at(from));
      if (body.case === "stateCheck") to.checks.asked(body.value, at(from));
      if (body.case === "stateSnapshot") to.checks.pageCame(body.value, at(from));
      if (body.case === "stateCheckAnswer") to.checks.answered(body.value, at(from));
    });
}

/** A phone that has rows, and a companion that lacks them and has asked. */
function asking() {
  const [phone, laptop] = [device(PHONE), device(LAPTOP)];
  for (let i = 0; i < 600; i++) phone.write(`key ${i}`, i % 256);
  phone.said();
  laptop.atomically(() => laptop.checks.disturbed());
  laptop.checks.connected();
  laptop.pass(10_000);
  const question = laptop.said();
  expect(question.map((body) => body.case)).toEqual(["stateCheck"]);
  return { phone, laptop, question };
}

test("every question ends in one outcome: what came, or nothing until it was asked again", () => {
  const { phone, laptop, question } = asking();
  expect(laptop.ended).toEqual([]);
  laptop.pass(STATE_CHECK_EVERY_MS);
  expect(laptop.ended).toEqual(laptop.ended.map(() => "unanswered"));
  const unanswered = laptop.ended.length;
  expect(unanswered).toBe(laptop.said().length);
  hear(phone, LAPTOP, question);
  // An answer to a question that was asked anew is none.
  hear(laptop, PHONE, phone.said());
  expect(laptop.ended).toHaveLength(unanswered);
  laptop.pass(STATE_CHECK_EVERY_MS);
  hear(phone, LAPTOP, laptop.said().slice(-1));
  hear(laptop, PHONE, phone.said());
  expect(laptop.ended.at(-1)).toBe("OK");
  expect(phone.ended).toEqual([]);
});

test("a companion that lost everything has it again after one exchange, and then asks once a day", () => {
  const { phone, laptop, question } = asking();
  hear(phone, LAPTOP, question);
  const answer = phone.said();
  expect(answer.map((body) => body.case)).toEqual(["stateSnapshot", "stateSnapshot", "stateSnapshot", "stateCheckAnswer"]);
  hear(laptop, PHONE, answer);
  expect(laptop.rows()).toEqual(phone.rows());
  laptop.pass(STATE_CHECK_EVERY_MS - 60_000);
  expect(laptop.said()).toEqual([]);
  laptop.pass(60_000);
  const daily = laptop.said();
  expect(daily.map((body) => body.case)).toEqual(["stateCheck"]);
  hear(phone, LAPTOP, daily);
  // The same on both: no page.
  expect(phone.said().map((body) => body.case)).toEqual(["stateCheckAnswer"]);
});

test("a phone that never answers is asked again after pauses that double, and seldom at last", () => {
  const { laptop } = asking();
  laptop.pass(STATE_CHECK_AGAIN_AFTER_MS - 60_000);
  expect(laptop.said()).toEqual([]);
  laptop.pass(60_000);
  expect(laptop.said().length).toBe(1);
  laptop.pass(16 * DAY_MS);
  expect(laptop.said().length).toBe(5);
  laptop.pass(160 * DAY_MS);
  expect(laptop.said().length).toBe(10);
  expect(laptop.wakes()).toBeLessThanOrEqual(200);
});

test("forged, foreign, repeated, late and missing pages change nothing, and the question stays open for the true ones", () => {
  const { phone, laptop, question } = asking();
  hear(phone, LAPTOP, question);
  const answer = phone.said();
  const pages = answer.filter((body) => body.case === "stateSnapshot");
  const check = question[0]!.case === "stateCheck" ? question[0]!.value : expect.fail();
  const rows = [{ collection: "contact", key: "key 1", value: new Uint8Array([99]), timeMs: 1_900_000_000_000, counter: 0, device: 1 }];
  const made = (seed: Uint8Array, asked: { account: AccountId; device: number; checkId: Uint8Array }): Content["body"] => {
    const [value] = signSnapshot(asked, { collection: "contact", rows, nowMs: 1 }, seed, nodePrimitives) as [SignedStateSnapshotPage];
    return { case: "stateSnapshot", value };
  };
  const asked = { account, device: LAPTOP, checkId: check.checkId };
  hear(laptop, PHONE, [made(new Uint8Array(32).fill(4), asked)]);
  hear(laptop, PHONE, [made(SEED, { ...asked, device: TABLET }), made(SEED, { ...asked, checkId: new Uint8Array(16) })]);
  // A stolen companion that passes a true page on.
  hear(laptop, TABLET, [pages[0]!]);
  expect(laptop.refused).toEqual(["bad-signature", "not-asked", "not-asked", "not-asked"]);
  hear(laptop, PHONE, [pages[0]!, pages[0]!, answer.at(-1)!]);
  expect(laptop.rows()).toEqual([]);
  hear(laptop, PHONE, [pages[2]!, pages[1]!]);
  expect(laptop.rows()).toEqual(phone.rows());
  hear(laptop, PHONE, pages);
  expect(laptop.refused.slice(4)).toEqual(["not-asked", "not-asked", "not-asked"]);
  expect(laptop.store.statePages.count("contact", 0)).toBe(0);
});

test("a phone answers so often an hour, and only devices of its list; a companion answers nobody", () => {
  const { phone, laptop, question } = asking();
  hear(phone, 9 as DeviceNumber, question);
  hear(phone, PHONE, question);
  expect(phone.said()).toEqual([]);
  for (let i = 0; i < MAX_STATE_ANSWERS_PER_HOUR + 4; i++) hear(phone, LAPTOP, question);
  expect(phone.said().filter((body) => body.case === "stateCheckAnswer").length).toBe(MAX_STATE_ANSWERS_PER_HOUR);
  phone.pass(3_600_000);
  hear(phone, LAPTOP, question);
  expect(phone.said().length).toBe(4);
  hear(laptop, TABLET, question);
  expect(laptop.said()).toEqual([]);
});

test("a phone that lost rows invites its companions, once; whoever holds something else asks, and the phone has them again", () => {
  const { phone, laptop, question } = asking();
  hear(phone, LAPTOP, question);
  hear(laptop, PHONE, phone.said());
  const before = phone.rows();
  phone.store.database.exec(
    "UPDATE state_entries SET value = x'00' WHERE key LIKE 'key 1%'; DELETE FROM state_entries WHERE key LIKE 'key 2%'",
  );
  phone.checks.connected();
  phone.pass(30 * DAY_MS);
  const invitation = phone.said();
  expect(invitation.map((body) => body.case)).toEqual(["stateCheck"]);
  expect(phone.rows().length).toBeLessThan(400);
  expect(phone.wakes()).toBeLessThanOrEqual(31);
  laptop.pass(120_000);
  hear(laptop, PHONE, invitation);
  hear(laptop, PHONE, invitation);
  laptop.pass(10_000);
  hear(phone, LAPTOP, laptop.said());
  hear(laptop, PHONE, phone.said());
  hear(phone, LAPTOP, laptop.said());
  expect(phone.rows()).toEqual(before);
});

test("an invitation that comes right after a question is followed a little later, and many of them by one question", () => {
  const { phone, laptop, question } = asking();
  hear(phone, LAPTOP, question);
  hear(laptop, PHONE, phone.said());
  // What the phone wrote did not arrive.
  phone.write("key late", 1);
  phone.said();
  for (let i = 0; i < 5; i++) {
    phone.atomically(() => phone.checks.disturbed());
    phone.checks.connected();
    phone.pass(5_000);
    hear(laptop, PHONE, phone.said());
    laptop.pass(5_000);
    expect(laptop.said()).toEqual([]);
  }
  laptop.pass(60_000);
  const again = laptop.said();
  expect(again.map((body) => body.case)).toEqual(["stateCheck"]);
  hear(phone, LAPTOP, again);
  hear(laptop, PHONE, phone.said());
  expect(laptop.rows()).toEqual(phone.rows());
});

test("updates lost, repeated, reordered, rows damaged and deleted on any of three devices: the same on all after one exchange each", () => {
  const damage = fc.constantFrom(
    "DELETE FROM state_entries WHERE",
    "UPDATE state_entries SET value = x'ee', time_ms = time_ms + 5000000 WHERE",
  );
  const step = fc.record({
    device: fc.nat(2),
    key: fc.constantFrom("a", "b", "c"),
    waitMs: fc.nat(2),
    hears: fc.nat(15),
    damage: fc.option(damage, { freq: 4 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
      const devices = [device(PHONE), device(LAPTOP), device(TABLET)] as const;
      const [phone, laptop, tablet] = devices;
      const said: { readonly by: DeviceNumber; readonly body: Content["body"] }[] = [];
      for (const [i, { device: index, key, waitMs, hears, damage: done }] of steps.entries()) {
        const it = devices[index]!;
        it.pass(waitMs);
        it.write(key, i);
        for (const body of it.said()) said.push({ by: DEVICES[index]!.number, body });
        // Something said at any time comes to another device now; much never comes, some comes again.
        const old = said[hears % said.length]!;
        hear(devices[(index + 1) % 3]!, old.by, [old.body]);
        if (done !== null) it.store.database.exec(`${done} key = '${key}'`);
      }
      const newest = device(PHONE);
      for (const each of devices) for (const row of each.rows()) newest.atomically(() => newest.store.stateEntries.merge(row));
      for (const [companion, other, number] of [[laptop, tablet, LAPTOP], [tablet, laptop, TABLET]] as const) {
        companion.atomically(() => companion.checks.disturbed());
        companion.checks.connected();
        companion.pass(10_000);
        hear(phone, number, companion.said());
        hear(companion, PHONE, phone.said());
        const shared = companion.said();
        hear(phone, number, shared);
        hear(other, number, shared);
      } // prettier-ignore
      for (const each of devices) expect(each.rows()).toEqual(newest.rows());
    }),
    { numRuns: 60 },
  );
});
