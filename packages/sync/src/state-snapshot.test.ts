/**
 * Invariants: pages that the account key did not sign for this device and this question change nothing; whatever was lost, repeated,
 * reordered or damaged, devices hold the same rows after one exchange with the phone, and a later write is never undone.
 */
import { type AccountId, type Bytes, toHex, utf8 } from "@hawser/base";
import { accountIdOf, purePrimitives } from "@hawser/crypto";
import { MAX_SNAPSHOT_PAGES, MAX_STATE_UPDATES, type SignedStateSnapshotPage } from "@hawser/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { collectionHash, type StateRow, stateRowHash } from "./state-digest.ts";
import { mergeStamp } from "./state-log.ts";
import { joinPages, mergeSnapshot, openSnapshotPage, signSnapshot, type StateQuestion } from "./state-snapshot.ts";

const seed = new Uint8Array(32).fill(7);
const accountKey = purePrimitives.ed25519PublicKey(seed);
const account = accountIdOf(purePrimitives, accountKey);
const question: StateQuestion = { account, device: 2, checkId: new Uint8Array(16).fill(9) };
const row = (key: string, timeMs: number, value = `${key} at ${timeMs}`, device = 1): StateRow => ({
  collection: "contact", key, value: utf8(value), timeMs, counter: 0, device,
}); // prettier-ignore
const sign = (rows: readonly StateRow[], asked = question, accountSeed: Bytes = seed): SignedStateSnapshotPage[] =>
  signSnapshot(asked, { collection: "contact", rows, nowMs: 1_000 }, accountSeed, purePrimitives)!;
const open = (page: SignedStateSnapshotPage, asked = question) => openSnapshotPage(page, asked, accountKey, purePrimitives);
const received = (pages: readonly SignedStateSnapshotPage[]): StateRow[] | undefined =>
  joinPages(pages.map((page) => open(page)).map((page) => (page.ok ? page.value : expect.fail(page.error))));

test("what the phone has arrives whole, also in pages that come in another order", () => {
  for (const count of [0, 1, MAX_STATE_UPDATES, MAX_STATE_UPDATES + 1, 600]) {
    const rows = Array.from({ length: count }, (_, i) => row(`key ${i}`, i));
    const pages = sign(rows);
    expect(pages.length).toBe(Math.max(1, Math.ceil(count / MAX_STATE_UPDATES)));
    expect(received(pages.toReversed())).toEqual(rows);
  }
});

test("a page fits into a message though its rows are large", () => {
  const rows = Array.from({ length: 8 }, (_, i) => row(`key ${i}`, i, "x".repeat(60_000)));
  for (const { payload } of sign(rows)) expect(payload.length).toBeLessThan(200_000);
});

test("without all pages of one snapshot there is none", () => {
  const rows = Array.from({ length: 600 }, (_, i) => row(`key ${i}`, i));
  const [a, b, c] = sign(rows) as [SignedStateSnapshotPage, SignedStateSnapshotPage, SignedStateSnapshotPage];
  const later = signSnapshot(question, { collection: "contact", rows, nowMs: 2_000 }, seed, purePrimitives)!;
  for (const pages of [[], [a, b], [b, c], [a, b, b], [a, b, c, c], [a, b, later[2]!]]) expect(received(pages)).toBeUndefined();
});

test("a snapshot of another account, device or question, or by another key, is refused by its name", () => {
  const [page] = sign([row("a", 1)]) as [SignedStateSnapshotPage];
  expect(open(page).ok).toBe(true);
  const faultOf = (asked: Partial<StateQuestion>) => open(page, { ...question, ...asked });
  expect(faultOf({ account: "a".repeat(32) as AccountId })).toEqual({ ok: false, error: "other-account" });
  expect(faultOf({ device: 3 })).toEqual({ ok: false, error: "not-asked" });
  expect(faultOf({ checkId: new Uint8Array(16) })).toEqual({ ok: false, error: "not-asked" });
  expect(open(sign([row("a", 1)], question, new Uint8Array(32).fill(8))[0]!)).toEqual({ ok: false, error: "bad-signature" });
});

test("a collection of more rows than a snapshot holds has none", () => {
  const rows = Array.from({ length: MAX_SNAPSHOT_PAGES * MAX_STATE_UPDATES + 1 }, (_, i) => row(String(i), i));
  expect(signSnapshot(question, { collection: "contact", rows, nowMs: 1 }, seed, purePrimitives)).toBeUndefined();
});

test("ten thousand mutated pages: each is refused, none throws", () => {
  const [page] = sign([row("a", 1), row("b", 2)]) as [SignedStateSnapshotPage];
  const all = [...page.payload, ...page.signature];
  // The real check costs milliseconds; what it would say of bytes that were changed is known: this one says it at once.
  const genuine = toHex(new Uint8Array(all));
  const quick = {
    ...purePrimitives,
    ed25519Verify: (_key: Bytes, message: Bytes, signature: Bytes): boolean =>
      toHex(message).slice(-2 * page.payload.length) + toHex(signature) === genuine,
  };
  expect(openSnapshotPage(page, question, accountKey, quick).ok).toBe(true);
  const mutation = fc.record({
    at: fc.nat(all.length - 1),
    to: fc.nat(255),
    cut: fc.nat(all.length),
    kind: fc.constantFrom("set", "cut", "add"),
  });
  fc.assert(
    fc.property(mutation, fc.boolean(), ({ at, to, cut, kind }, isSigned) => {
      const bytes = new Uint8Array(kind === "cut" ? all.slice(0, cut) : kind === "add" ? [...all, to] : all.with(at, to));
      const cutAt = kind === "add" ? page.payload.length + 1 : page.payload.length;
      const mutated = { ...page, payload: bytes.slice(0, cutAt), signature: bytes.slice(cutAt) };
      const isSame = toHex(bytes) === genuine;
      expect(openSnapshotPage(mutated, question, accountKey, quick).ok).toBe(isSame);
      // Whatever were signed: a result, and only for this question.
      const result = openSnapshotPage(mutated, question, accountKey, { ...quick, ed25519Verify: () => isSigned });
      if (!isSigned) expect(result).toEqual({ ok: false, error: "bad-signature" });
      if (result.ok) expect([result.value.device, result.value.checkId]).toEqual([question.device, question.checkId]);
    }),
    { numRuns: 10_000 },
  );
});

test("mutated pages against the real signature", () => {
  const [page] = sign([row("a", 1)]) as [SignedStateSnapshotPage];
  fc.assert(
    fc.property(fc.nat(page.payload.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
      expect(open({ ...page, payload: page.payload.with(at, page.payload[at]! ^ by) })).toEqual({ ok: false, error: "bad-signature" });
    }),
    { numRuns: 25 },
  );
});

/** A device's rows of one collection. A damaged one counts as absent: the store knows it by its hash. */
class Device {
  readonly rows = new Map<string, StateRow>();
  take(update: StateRow): void {
    if (mergeStamp(this.rows.get(update.key), update) === "advance") this.rows.set(update.key, update);
  }
  get hash(): string {
    return toHex(
      collectionHash(
        [...this.rows.values()].map((each) => stateRowHash(each, purePrimitives)),
        purePrimitives,
      ),
    );
  }
}

/** What the client does: compare; where it differs, take the phone's snapshot and share what the phone lacks with everybody. */
function exchange(phone: Device, companion: Device, others: readonly Device[]): void {
  if (phone.hash === companion.hash) return;
  const snapshot = received(sign([...phone.rows.values()]))!;
  const { take, share } = mergeSnapshot([...companion.rows.values()], snapshot);
  for (const each of take) companion.rows.set(each.key, each);
  for (const each of share) for (const device of [phone, ...others]) device.take(each);
}

test("lost, repeated, reordered updates and damaged rows: all devices are the same after one exchange each, and the newest stands", () => {
  const write = fc.record({ key: fc.constantFrom("a", "b", "c", "d"), timeMs: fc.nat(8), device: fc.integer({ min: 1, max: 3 }) });
  const event = fc.record({
    write: fc.nat(11),
    to: fc.nat(2),
    kind: fc.constantFrom("deliver", "deliver", "deliver", "damage"),
  });
  fc.assert(
    fc.property(fc.array(write, { minLength: 1, maxLength: 12 }), fc.array(event, { maxLength: 40 }), (writes, events) => {
      const devices = [new Device(), new Device(), new Device()] as const;
      const rows = writes.map(({ key, timeMs, device }) => row(key, timeMs, `${key} ${timeMs} ${device}`, device));
      for (const { write: index, to, kind } of events) {
        const update = rows[index % rows.length]!;
        if (kind === "deliver") devices[to]!.take(update);
        else devices[to]!.rows.delete(update.key);
      }
      const newest = new Device();
      for (const device of devices) for (const each of device.rows.values()) newest.take(each);
      const [phone, laptop, tablet] = devices;
      exchange(phone, laptop, [tablet]);
      exchange(phone, tablet, [laptop]);
      for (const device of devices) expect(device.hash).toBe(newest.hash);
    }),
  );
});

test("of two values of one write the phone's stands; what is newer here is kept and shared", () => {
  const [same, newer, mine] = [row("same", 5, "damaged"), row("newer", 9), row("mine", 1)];
  const snapshot = [row("same", 5, "right"), row("newer", 8), row("theirs", 2)];
  const { take, share } = mergeSnapshot([same, newer, mine], snapshot);
  expect(take).toEqual([snapshot[0], snapshot[2]]);
  expect(share).toEqual([newer, mine]);
});

test("a collection's hash follows its rows, not their order, and each part of a row", () => {
  const hash = (...rows: StateRow[]): string =>
    toHex(
      collectionHash(
        rows.map((each) => stateRowHash(each, purePrimitives)),
        purePrimitives,
      ),
    );
  const [a, b] = [row("a", 1), row("b", 2)];
  expect(hash(a, b)).toBe(hash(b, a));
  const others = [{ collection: "block" }, { key: "c" }, { value: utf8("x") }, { timeMs: 2 }, { counter: 1 }, { device: 9 }];
  expect(new Set([hash(a), ...others.map((change) => hash({ ...a, ...change }))]).size).toBe(7);
  // The border between name and key is part of it.
  expect(hash({ ...a, collection: "xy", key: "z" })).not.toBe(hash({ ...a, collection: "x", key: "yz" }));
});
