/** What a device believes of an archive's head, and what it does not, whoever keeps it. */
import { create } from "@bufbuild/protobuf";
import { type AccountId, fromHex, must, toHex } from "@hawser/base";
import { purePrimitives as primitives } from "@hawser/crypto";
import { type ArchiveEntry, ArchiveEntrySchema, type ArchiveHead, ArchiveHeadSchema } from "@hawser/wire";
import { expect, test } from "vitest";
import { allEntries, hashOf, nextHead, openHead, type SeenHead, sealHead, spill } from "./archive-head.ts";

let drawn = 0;
const random = { bytes: (size: number) => Uint8Array.from({ length: size }, () => (drawn = (drawn * 73 + 41) % 251)) };
const ACCOUNT = "a".repeat(32) as AccountId;
const ARCHIVE = new Uint8Array(16).fill(7);
const key = (number: number) => ({ number, key: new Uint8Array(32).fill(number) });
const entry = (n: number, messageCount = 100): ArchiveEntry =>
  create(ArchiveEntrySchema, { blobId: new Uint8Array(32).fill(n), key: new Uint8Array(32).fill(n), messageCount });
const empty = create(ArchiveHeadSchema, { archiveId: ARCHIVE });
const grow = (head: ArchiveHead, n: number, replacesLast = false, messages = 100): ArchiveHead =>
  nextHead(head, new Uint8Array(32), { entry: entry(n % 250, messages), replacesLast, nowMs: n, drained: true });
const seal = (head: ArchiveHead, number = 1): Uint8Array => sealHead(head, ACCOUNT, key(number), primitives, random);
const open = (sealed: Uint8Array, seen?: SeenHead, keys = [key(1)], archiveId = toHex(ARCHIVE), account = ACCOUNT) => {
  const opened = openHead(sealed, { account, archiveId, keys, seen }, primitives);
  return opened.ok ? opened.value.head.counter : opened.error;
};

test("a head is read by who has its key, for its account and its archive only", () => {
  const sealed = seal(grow(empty, 1));
  expect(open(sealed)).toBe(1n);
  expect(open(sealed, undefined, [{ number: 1, key: new Uint8Array(32) }])).toBe("unreadable");
  expect(open(sealed, undefined, [key(1)], toHex(ARCHIVE), "b".repeat(32) as AccountId)).toBe("unreadable");
  expect(open(sealed, undefined, [key(1)], "00".repeat(16))).toBe("other-archive");
  expect(open(new Uint8Array(0))).toBe("withheld");
});

test("each byte of a head counts", () => {
  const sealed = seal(grow(empty, 1));
  for (let at = 0; at < sealed.length; at++) {
    const changed = sealed.slice();
    changed[at]! ^= 1;
    expect(open(changed)).toBe("unreadable");
    expect(open(sealed.subarray(0, at))).toBe(at === 0 ? "withheld" : "unreadable");
  }
});

test("a head older than the one that was seen, and another of its number, are told apart from a newer one", () => {
  const [first, second, third] = [1, 2, 3].map((n) => seal({ ...grow(empty, n), counter: BigInt(n) })) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const seen = { counter: 2, hash: hashOf(second, primitives) };
  expect([first, second, third].map((sealed) => open(sealed, seen))).toEqual(["rolled-back", 2n, 3n]);
  expect(open(seal({ ...grow(empty, 9), counter: 2n }), seen)).toBe("forked");
  // Only the number is known, as to a device that was just linked.
  expect([first, second].map((sealed) => open(sealed, { counter: 2 }))).toEqual(["rolled-back", 2n]);
});

test("after a key was renewed, a head under the old one is believed only if it is the very head that was seen", () => {
  const last = seal(grow(empty, 1));
  const forged = seal({ ...grow(empty, 5), counter: 9n });
  const seen = { counter: 1, hash: hashOf(last, primitives) };
  expect(open(last, seen, [key(1), key(2)])).toBe(1n);
  expect(open(forged, seen, [key(1), key(2)])).toBe("stale-key");
  expect(open(last, undefined, [key(1), key(2)])).toBe("stale-key");
  // The removed device has the old key, and no other.
  expect(open(seal(grow(empty, 2), 2), seen, [key(1)])).toBe("unreadable");
});

test("the newest chunk may be written anew; counts stay true", () => {
  let head = grow(grow(empty, 1), 2, false, 30);
  expect([head.entryCount, Number(head.messageCount)]).toEqual([2, 130]);
  head = grow(head, 3, true, 45);
  expect([head.entryCount, Number(head.messageCount), head.entries.length]).toEqual([2, 145, 2]);
});

test("a long archive spills into pages; a page that is withheld, damaged or out of its order is noticed", async () => {
  let head = empty;
  const blobs = new Map<string, Uint8Array>();
  for (let n = 0; n < 1_000; n++) {
    head = grow(head, n);
    const spilled = spill(head, primitives, random);
    if (spilled === undefined) continue;
    blobs.set(spilled.page.blobId, spilled.page.ciphertext);
    ({ head } = spilled);
  }
  expect(blobs.size).toBeGreaterThan(2);
  const read = (from: ReadonlyMap<string, Uint8Array>) => allEntries(head, async (id) => from.get(id), primitives);
  const entries = (await read(blobs))!;
  expect(entries.map(({ blobId }) => blobId[0])).toEqual(Array.from({ length: 1_000 }, (_, n) => n % 250));
  const ids = [...blobs.keys()];
  for (const id of ids) {
    expect(await read(new Map([...blobs].filter(([other]) => other !== id)))).toBeUndefined();
    expect(
      await read(
        new Map(blobs).set(
          id,
          blobs.get(id)!.map((byte, at) => (at === 20 ? byte ^ 1 : byte)),
        ),
      ),
    ).toBeUndefined();
  }
  expect(await read(new Map(ids.map((id, n) => [id, blobs.get(ids[(n + 1) % ids.length]!)!])))).toBeUndefined();
  const opened = must(openHead(seal(head), { account: ACCOUNT, archiveId: toHex(ARCHIVE), keys: [key(1)], seen: undefined }, primitives));
  expect(seal(opened.head).length).toBeLessThan(65_536);
  expect(fromHex(toHex(ARCHIVE))).toEqual(ARCHIVE);
});
