/**
 * Invariants: only the account key extends a list; a chain is accepted whole or not at all; whatever an attacker in the middle
 * withholds, repeats or forges, what is pinned never goes back and never forks.
 */
import { accountIdFromBytes, type Bytes, must, parseAccountId, parseDeviceNumber, type Random, toHex } from "@hawser/base";
import { DeviceKind, type DeviceListSchema, MAX_DEVICES, MAX_REVOCATIONS_PER_LIST, RevocationReason } from "@hawser/wire";
import * as wire from "@hawser/wire";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { nodePrimitives } from "@hawser/io-node/primitives";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { purePrimitives } from "../pure-primitives.ts";
import { accountIdOf } from "./account-id.ts";
import { openDeviceLabel, sealDeviceLabel } from "./device-label.ts";
import { deviceListStatement, listHashPrefix, type VerifiedDeviceList, verifyDeviceList } from "./device-list.ts";
import { type DeviceListChange, extendDeviceList, type NewDevice } from "./extend-device-list.ts";
import { mergeDeviceLists, verifyChain } from "./list-chain.ts";
import { signAuthChallenge, verifyAuthChallenge } from "./auth-challenge.ts";

const SEED = new Uint8Array(32).fill(1);
const OTHER_SEED = new Uint8Array(32).fill(2);
const random: Random = { bytes: (size) => new Uint8Array(size).fill(9) };

let nextKey = 0;
function device(kind: DeviceKind): NewDevice {
  const key = (): Bytes => nodePrimitives.sha256(Uint8Array.of(nextKey & 255, nextKey++ >> 8));
  return {
    kind,
    signingKey: key(),
    dhKey: key(),
    attemptId: kind === DeviceKind.PHONE ? new Uint8Array(0) : new Uint8Array(16).fill(4),
    sealedLabel: new Uint8Array(10),
  };
}

const extend = (previous: VerifiedDeviceList | undefined, change: Omit<DeviceListChange, "nowMs">, seed = SEED): VerifiedDeviceList =>
  must(extendDeviceList(nodePrimitives, seed, previous, { nowMs: 1_000, ...change }));

const first = extend(undefined, { add: [device(DeviceKind.PHONE)] });
const second = extend(first, { add: [device(DeviceKind.COMPANION)] });
const third = extend(second, { revoke: [{ device: 2, by: 1, reason: RevocationReason.BY_USER }] });
const fourth = extend(third, { add: [device(DeviceKind.COMPANION)] });
const chain = [first, second, third, fourth];
const entries = chain.map((list) => list.entry);

/** Signs any list with the account key, rules or not: what a broken or hostile phone could do. */
function forge(
  base: VerifiedDeviceList,
  changes: MessageInitShape<typeof DeviceListSchema>,
  seed = SEED,
): { payload: Bytes; signature: Bytes } {
  const { $typeName: _type, ...fields } = base.list;
  const payload = toBinary(wire.DeviceListSchema, create(wire.DeviceListSchema, { ...fields, ...changes }));
  return { payload, signature: nodePrimitives.ed25519Sign(seed, deviceListStatement(payload)) };
}

describe("a whole chain", () => {
  test("is accepted from number 1, by both implementations of the primitives", () => {
    for (const primitives of [nodePrimitives, purePrimitives]) {
      const outcome = verifyChain(primitives, entries);
      expect(outcome).toMatchObject({ kind: "ok", latest: { number: 4 } });
      if (outcome.kind === "ok") expect(outcome.lists.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
    }
  });

  test("numbers its devices once and for ever", () => {
    expect(fourth.list.devices.map(({ number }) => number)).toEqual([1, 3]);
    expect(fourth.list.nextDeviceNumber).toBe(4);
    expect(fourth.list.revocations.map(({ device: number }) => number)).toEqual([2]);
  });

  test("continues a pin, and repeats below it are checked and ignored", () => {
    expect(verifyChain(nodePrimitives, entries.slice(2), { pinned: second })).toMatchObject({
      kind: "ok",
      lists: [{ number: 3 }, { number: 4 }],
    });
    expect(verifyChain(nodePrimitives, entries, { pinned: second })).toMatchObject({ kind: "ok", lists: [{ number: 3 }, { number: 4 }] });
    expect(verifyChain(nodePrimitives, entries, { pinned: fourth })).toMatchObject({ kind: "ok", lists: [], latest: { number: 4 } });
    expect(verifyChain(nodePrimitives, [], { pinned: fourth })).toMatchObject({ kind: "ok", lists: [] });
  });
});

describe("refused chains", () => {
  test("rollback: everything given is older than the pin", () => {
    expect(verifyChain(nodePrimitives, entries.slice(0, 3), { pinned: fourth })).toEqual({ kind: "rollback", number: 3 });
  });

  test("gap: with a pin, without one, and inside", () => {
    expect(verifyChain(nodePrimitives, entries.slice(3), { pinned: second })).toEqual({ kind: "gap", expected: 3 });
    expect(verifyChain(nodePrimitives, entries.slice(1))).toEqual({ kind: "gap", expected: 1 });
    expect(verifyChain(nodePrimitives, [])).toEqual({ kind: "gap", expected: 1 });
    expect(verifyChain(nodePrimitives, [entries[0]!, entries[2]!])).toEqual({ kind: "gap", expected: 2 });
  });

  test("equivocation: a second list with the pin's number, and a successor of another history", () => {
    const fork = extend(first, { add: [device(DeviceKind.COMPANION)] });
    expect(verifyChain(nodePrimitives, [fork.entry], { pinned: second })).toEqual({ kind: "equivocation", number: 2 });
    expect(verifyChain(nodePrimitives, [first.entry, fork.entry, third.entry])).toEqual({ kind: "equivocation", number: 2 });
    expect(verifyChain(nodePrimitives, [third.entry], { pinned: fork })).toEqual({ kind: "equivocation", number: 2 });
    expect(verifyChain(nodePrimitives, [first.entry, second.entry, fork.entry])).toEqual({ kind: "equivocation", number: 2 });
  });

  test("signatures by another key, and chains of another account", () => {
    const forged = { ...second.entry, signature: nodePrimitives.ed25519Sign(OTHER_SEED, deviceListStatement(second.entry.payload)) };
    expect(verifyChain(nodePrimitives, [first.entry, forged])).toEqual({ kind: "bad-signature", index: 1 });
    const stranger = extend(undefined, { add: [device(DeviceKind.PHONE)] }, OTHER_SEED);
    expect(verifyChain(nodePrimitives, [stranger.entry], { account: first.account })).toMatchObject({
      kind: "malformed",
      rule: "another account",
    });
    expect(verifyChain(nodePrimitives, [stranger.entry], { pinned: first })).toMatchObject({ kind: "malformed", rule: "another account" });
  });

  test("a signature over a device list does not pass for anything else", () => {
    expect(nodePrimitives.ed25519Verify(first.accountKey, first.entry.payload, first.entry.signature)).toBe(false);
  });

  const phone = first.list.devices[0]!;
  test.each<[string, VerifiedDeviceList, MessageInitShape<typeof DeviceListSchema>]>([
    ["a device changed", first, { devices: [{ ...phone, dhKey: new Uint8Array(32).fill(5) }] }],
    ["a device changed", first, { devices: [{ ...phone, kind: DeviceKind.PHONE, addedAtMs: 7n }] }],
    ["a removal without a revocation", second, { devices: [phone] }],
    ["a revocation was changed", third, { revocations: [] }],
    ["a device number was used again", third, { devices: [phone, { ...second.list.devices[1]!, number: 2 }], revocations: [] }],
    ["next device number fell", third, { nextDeviceNumber: 2, revocations: [] }],
    ["no phone", second, { devices: [{ ...second.list.devices[1]! }], revocations: [{ device: 1 }] }],
    ["distinct keys", first, { devices: [phone, { ...phone, number: 2 }], nextDeviceNumber: 3 }],
    ["device order", second, { devices: [...second.list.devices].reverse() }],
    ["next device number", first, { devices: [{ ...phone, number: 9 }] }],
    ["device kind", first, { devices: [phone, { ...second.list.devices[1]!, kind: 7 as DeviceKind }], nextDeviceNumber: 3 }],
    ["revocation", second, { revocations: [{ device: 2 }] }],
    ["revoked device number", second, { revocations: [{ device: 99 }] }],
    ["device key size", first, { devices: [{ ...phone, dhKey: new Uint8Array(31) }] }],
    ["label size", first, { devices: [{ ...phone, sealedLabel: new Uint8Array(257) }] }],
  ])("even signed by the account key: %s", (rule, previous, changes) => {
    const entry = forge(previous, { number: BigInt(previous.number + 1), previousHash: previous.hash, ...changes });
    expect(verifyChain(nodePrimitives, [entry], { pinned: previous })).toMatchObject({ kind: "malformed", rule });
  });

  test("10,000 changed or random entries", () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.nat(second.entry.payload.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.uint8Array({ maxLength: 300 }),
        (at, mask, noise) => {
          const payload = second.entry.payload.slice();
          payload[at]! ^= mask;
          for (const bytes of [payload, noise])
            if (verifyDeviceList(nodePrimitives, { payload: bytes, signature: second.entry.signature }).ok) accepted++;
        },
      ),
      { numRuns: 5_000 },
    );
    expect(accepted).toBe(0);
  });
});

describe("merging", () => {
  test("advance, same, stale, conflict", () => {
    expect(mergeDeviceLists(nodePrimitives, undefined, entries, first.account)).toMatchObject({ kind: "advance", latest: { number: 4 } });
    expect(mergeDeviceLists(nodePrimitives, second, entries.slice(2))).toMatchObject({
      kind: "advance",
      lists: [{ number: 3 }, { number: 4 }],
    });
    expect(mergeDeviceLists(nodePrimitives, fourth, [fourth.entry])).toEqual({ kind: "same" });
    expect(mergeDeviceLists(nodePrimitives, fourth, [second.entry])).toEqual({ kind: "stale", theirNumber: 2 });
    expect(mergeDeviceLists(nodePrimitives, second, [fourth.entry])).toEqual({ kind: "conflict", cause: { kind: "gap", expected: 3 } });
  });

  test("any order and repetition of honest announcements ends at the newest list", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { maxLength: 12 }), (ranges) => {
        let pinned = first;
        for (const [a, b] of ranges) {
          const merged = mergeDeviceLists(nodePrimitives, pinned, entries.slice(Math.min(a, b), Math.max(a, b) + 1));
          const before = pinned.number;
          if (merged.kind === "advance") pinned = merged.latest;
          else if (merged.kind === "conflict") expect(merged.cause.kind).toBe("gap");
          expect(pinned.number).toBeGreaterThanOrEqual(before);
        }
        expect(mergeDeviceLists(nodePrimitives, pinned, entries).kind).toBe(pinned.number === 4 ? "same" : "advance");
      }),
      { numRuns: 60 },
    );
  });
});

describe("extending", () => {
  const fault = (previous: VerifiedDeviceList | undefined, change: Omit<DeviceListChange, "nowMs">): unknown => {
    const result = extendDeviceList(nodePrimitives, SEED, previous, { nowMs: 1, ...change });
    return result.ok ? "ok" : result.error;
  };

  test("refuses what no one would accept, before signing", () => {
    expect(fault(undefined, { add: [device(DeviceKind.COMPANION)] })).toEqual({ kind: "malformed", rule: "no phone" });
    expect(fault(first, { revoke: [{ device: 1, by: 1, reason: RevocationReason.LOST }] })).toEqual({
      kind: "malformed",
      rule: "no phone",
    });
    expect(fault(first, { revoke: [{ device: 8, by: 1, reason: RevocationReason.LOST }] })).toEqual({
      kind: "malformed",
      rule: "unknown device",
    });
    expect(fault(first, { add: Array.from({ length: MAX_DEVICES }, () => device(DeviceKind.COMPANION)) })).toEqual({
      kind: "malformed",
      rule: "too many devices",
    });
    expect(fault(first, { add: Array.from({ length: 11 }, () => device(DeviceKind.COMPANION)) })).toEqual({
      kind: "malformed",
      rule: "too many companions",
    });
  });

  test("the oldest revocations fall out only when the list is full, and the chain still verifies", () => {
    let list = first;
    const all = [first.entry];
    for (let i = 0; i < MAX_REVOCATIONS_PER_LIST + 3; i++) {
      const added = extend(list, { add: [device(DeviceKind.COMPANION)] });
      const number = added.list.devices.at(-1)!.number;
      list = extend(added, { revoke: [{ device: number, by: 1, reason: RevocationReason.REPLACED }] });
      all.push(added.entry, list.entry);
    }
    expect(list.list.revocations.length).toBe(MAX_REVOCATIONS_PER_LIST);
    expect(verifyChain(nodePrimitives, all)).toMatchObject({ kind: "ok", latest: { number: list.number } });
    const early = forge(third, { number: 4n, previousHash: third.hash, revocations: [] });
    expect(verifyChain(nodePrimitives, [early], { pinned: third }).kind).toBe("malformed");
  });

  test("a label may change, and the second phone may replace the first", () => {
    const relabelled = extend(first, { relabel: [{ device: 1, sealedLabel: new Uint8Array(20) }] });
    expect(verifyChain(nodePrimitives, [relabelled.entry], { pinned: first }).kind).toBe("ok");
    const moved = extend(first, { add: [device(DeviceKind.PHONE)], revoke: [{ device: 1, by: 1, reason: RevocationReason.REPLACED }] });
    expect(moved.list.devices.map(({ number }) => number)).toEqual([2]);
    expect(verifyChain(nodePrimitives, [moved.entry], { pinned: first }).kind).toBe("ok");
  });
});

test("account ids and list hashes are what the protocol says", () => {
  const expected = nodePrimitives
    .sha256(Uint8Array.from([...new TextEncoder().encode("hawser account v1\0"), ...first.accountKey]))
    .slice(0, 20);
  expect(parseAccountId(first.account)).toBe(first.account);
  expect(accountIdOf(purePrimitives, first.accountKey)).toBe(first.account);
  expect(toHex(listHashPrefix(second))).toBe(toHex(nodePrimitives.sha256(second.entry.payload)).slice(0, 16));
  expect(toHex(second.list.previousHash)).toBe(toHex(nodePrimitives.sha256(first.entry.payload)));
  expect(first.account).toBe(accountIdFromBytes(expected));
});

test("device labels open under their key and device only, and hide their length", () => {
  const [key, signingKey] = [new Uint8Array(32).fill(3), first.list.devices[0]!.signingKey];
  for (const name of ["", "Firefox on Linux", "ليلى’nin telefonu 📱", "x".repeat(300), "📱".repeat(60)]) {
    const sealed = sealDeviceLabel(nodePrimitives, key, signingKey, name, { random });
    expect(sealed.length).toBe(12 + 128 + 16);
    const opened = openDeviceLabel(nodePrimitives, key, signingKey, sealed);
    expect(name.startsWith(opened!)).toBe(true);
    if (name.length < 30) expect(opened).toBe(name);
    expect(openDeviceLabel(nodePrimitives, key, new Uint8Array(32), sealed)).toBeUndefined();
    expect(openDeviceLabel(nodePrimitives, new Uint8Array(32), signingKey, sealed)).toBeUndefined();
  }
  expect(openDeviceLabel(nodePrimitives, key, signingKey, new Uint8Array(5))).toBeUndefined();
});

test("a challenge's signature is bound to nonce, origin, account and device", () => {
  const challenge = {
    nonce: new Uint8Array(32).fill(6),
    origin: "https://a.example",
    address: { account: first.account, device: parseDeviceNumber(1)! },
  };
  const signature = signAuthChallenge(nodePrimitives, SEED, challenge);
  const verify = (changes: Partial<typeof challenge>): boolean =>
    verifyAuthChallenge(purePrimitives, first.accountKey, { ...challenge, ...changes }, signature);
  expect(verify({})).toBe(true);
  expect(verify({ nonce: new Uint8Array(32) })).toBe(false);
  expect(verify({ origin: "https://b.example" })).toBe(false);
  expect(verify({ address: { account: first.account, device: parseDeviceNumber(2)! } })).toBe(false);
});
