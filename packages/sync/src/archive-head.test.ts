/** What a device believes of an archive's head, and what it does not, whoever keeps it. */
import { create, toBinary } from "@bufbuild/protobuf";
import { type AccountId, accountIdToBytes, concat, fromHex, must, toHex, utf8 } from "@hawser/base";
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
/** Device 3 is in the list, device 4 was removed. */
const seedOf = (device: number) => new Uint8Array(32).fill(100 + device);
const signingKeyOf = (device: number) => (device === 3 ? primitives.ed25519PublicKey(seedOf(3)) : undefined);
const seal = (head: ArchiveHead, number = 1, device = 3): Uint8Array =>
  sealHead(head, ACCOUNT, key(number), { device, seed: seedOf(device) }, primitives, random);
const open = (sealed: Uint8Array, seen?: SeenHead, keys = [key(1)], archiveId = toHex(ARCHIVE), account = ACCOUNT, renewalDue = false) => {
  const opened = openHead(sealed, { account, archiveId, keys, renewalDue, seen, signingKeyOf }, primitives);
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

/** A release before signatures writes fields that it does not know as it read them, behind those that it knows. */
const writtenBefore = (head: ArchiveHead, number: number): Uint8Array => {
  const [prefix, nonce] = [Uint8Array.of(0, 0, 0, number), random.bytes(12)];
  const plain = toBinary(ArchiveHeadSchema, { ...head, counter: head.counter + 1n });
  return concat(prefix, nonce, primitives.aes256GcmSeal(key(number).key, nonce, plain, bound(prefix)));
};
const bound = (prefix: Uint8Array, account = ACCOUNT) => concat(utf8("hawser archive head v1\0"), accountIdToBytes(account), prefix);

test("after a key was renewed, a head under the old one is believed if a device of the list signed it, or if it is the very head that was seen", () => {
  const keys = [key(1), key(2)];
  const [last, next] = [grow(empty, 1), { ...grow(empty, 5), counter: 9n }];
  const seen = { counter: 1, hash: hashOf(seal(last, 1, 4), primitives) };
  expect(open(seal(next), seen, keys)).toBe(9n);
  expect(open(seal(next), undefined, keys)).toBe(9n);
  // By the device that was removed: it seals under the old key what it likes, in whosever name.
  const byRemoved = seal(last, 1, 4);
  expect(open(seal(next, 1, 4), seen, keys)).toBe("stale-key");
  expect(open(byRemoved, undefined, keys)).toBe("stale-key");
  expect(open(byRemoved, { counter: 1, hash: hashOf(byRemoved, primitives) }, keys)).toBe(1n);
  const inAnothersName = sealHead(next, ACCOUNT, key(1), { device: 3, seed: seedOf(4) }, primitives, random);
  expect(open(inAnothersName, seen, keys)).toBe("stale-key");
  // The new key is not there yet, the removal is known.
  expect(open(seal(next, 1, 4), undefined, [key(1)], undefined, undefined, true)).toBe("stale-key");
  expect(open(seal(next), undefined, [key(1)], undefined, undefined, true)).toBe(9n);
  // The removed device has the old key, and no other.
  expect(open(seal(grow(empty, 2), 2), seen, [key(1)])).toBe("unreadable");
});

test("a signature is believed only with every byte that it was made for: no other account, key, archive or number, no head before signatures", () => {
  const keys = [key(1), key(2)];
  const head = { ...grow(empty, 5), counter: 9n };
  /** What is inside a sealed head, in another envelope. */
  const resealed = (sealed: Uint8Array, number: number, account = ACCOUNT): Uint8Array => {
    const old = sealed.slice(0, 4);
    const plain = primitives.aes256GcmOpen(key(old[3]!).key, sealed.slice(4, 16), sealed.slice(16), bound(old))!;
    const [prefix, nonce] = [Uint8Array.of(0, 0, 0, number), random.bytes(12)];
    return concat(prefix, nonce, primitives.aes256GcmSeal(key(number).key, nonce, plain, bound(prefix, account)));
  };
  expect(open(resealed(seal(head), 1), undefined, keys)).toBe(9n);
  expect(open(resealed(seal(head, 2), 1), undefined, keys)).toBe("stale-key");
  const other = "b".repeat(32) as AccountId;
  expect(open(resealed(seal(head), 1, other), undefined, keys, toHex(ARCHIVE), other)).toBe("stale-key");
  const opened = must(
    openHead(
      seal(head),
      { account: ACCOUNT, archiveId: toHex(ARCHIVE), keys: [key(1)], renewalDue: false, seen: undefined, signingKeyOf },
      primitives,
    ),
  ).head;
  expect(open(writtenBefore(opened, 2), undefined, keys)).toBe(10n);
  expect(open(writtenBefore(opened, 1), undefined, keys)).toBe("stale-key");
  // A signature that was taken over from the head before is made anew.
  expect(open(seal({ ...opened, counter: 10n }), undefined, keys)).toBe(10n);
});

test("under a key older than that of the newest head seen, even a listed device's head is an old one", () => {
  const newest = seal({ ...grow(empty, 5), counter: 7n }, 2);
  const seen = { counter: 7, hash: hashOf(newest, primitives), keyNumber: 2 };
  expect(open(newest, seen, [key(1), key(2)])).toBe(7n);
  expect(open(seal({ ...grow(empty, 6), counter: 8n }, 1), seen, [key(1), key(2)])).toBe("rolled-back");
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
  const opened = must(
    openHead(
      seal(head),
      { account: ACCOUNT, archiveId: toHex(ARCHIVE), keys: [key(1)], renewalDue: false, seen: undefined, signingKeyOf },
      primitives,
    ),
  );
  expect(seal(opened.head).length).toBeLessThan(65_536);
  expect(fromHex(toHex(ARCHIVE))).toEqual(ARCHIVE);
});
