/** Invariant: a branch is told from signed lists alone and is whole, or it is none. */
import { toBinary } from "@bufbuild/protobuf";
import { type Bytes, concat, utf8 } from "@hawser/base";
import { extendDeviceList, type VerifiedDeviceList, verifyDeviceList } from "@hawser/crypto";
import { nodePrimitives, systemRandom } from "@hawser/io-node";
import { DeviceKind, type DeviceList, DeviceListSchema } from "@hawser/wire";
import { expect, test } from "vitest";
import { branchId, findBranches, pinnedBranch, viewBranch } from "./list-branches.ts";

const seed = systemRandom.bytes(32);
const device = (kind = DeviceKind.COMPANION) => ({
  kind,
  signingKey: nodePrimitives.ed25519PublicKey(systemRandom.bytes(32)),
  dhKey: nodePrimitives.x25519PublicKey(systemRandom.bytes(32)),
  attemptId: new Uint8Array(0),
  sealedLabel: new Uint8Array(0) as Bytes,
});

function next(previous: VerifiedDeviceList | undefined, kind = DeviceKind.COMPANION): VerifiedDeviceList {
  const made = extendDeviceList(nodePrimitives, seed, previous, { nowMs: 1_000, add: [device(kind)] });
  if (!made.ok) throw new Error("no such list");
  return made.value;
}

function signed(list: DeviceList): VerifiedDeviceList {
  const payload = toBinary(DeviceListSchema, list);
  const signature = nodePrimitives.ed25519Sign(seed, concat(utf8("hawser device list v1\0"), payload));
  const verified = verifyDeviceList(nodePrimitives, { payload, signature });
  if (!verified.ok) throw new Error("no list by itself");
  return verified.value;
}

const a1 = next(undefined, DeviceKind.PHONE);
const a2 = next(a1);
const a3 = next(a2);
const b2 = next(a1);
const b3 = next(b2);
const c3 = next(b2);
const find = (pinned: VerifiedDeviceList[], others: VerifiedDeviceList[]) =>
  findBranches(nodePrimitives, a1.account, pinned, others).map(({ commonNumber, lists }) => [commonNumber, ...lists]);

test("each tip is a branch of its own, from where it leaves what is pinned", () => {
  expect(find([a1, a2, a3], [b2, b3])).toEqual([[1, b2, b3]]);
  expect(find([a1, a2, a3], [c3, b3, b2])).toEqual([
    [1, b2, c3],
    [1, b2, b3],
  ]);
  expect(find([a1, a2], [])).toEqual([]);
  // Another beginning altogether.
  const d1 = next(undefined, DeviceKind.PHONE);
  expect(find([a1, a2], [d1])).toEqual([[0, d1]]);
});

test("a branch with a hole, and one whose lists do not follow one another, are none", () => {
  expect(find([a1, a2, a3], [b3])).toEqual([]);
  // Signed by the account, and against the rules between a list and the next: a device is gone without a revocation, a number is left out.
  const gone = signed({ ...b3.list, devices: b3.list.devices.filter(({ number }) => number !== 2) });
  const jump = signed({ ...b3.list, number: 4n });
  expect(find([a1, a2, a3], [b2, gone])).toEqual([]);
  expect(find([a1, a2, a3], [b2, jump])).toEqual([]);
});

test("what is pinned is shown from where the first of the others leaves it; devices that stand in one branch alone are marked", () => {
  const others = findBranches(nodePrimitives, a1.account, [a1, a2, a3], [b2]);
  const pinned = pinnedBranch([a1, a2, a3], others)!;
  expect(pinned).toMatchObject({ commonNumber: 1, lists: [a2, a3], newest: a3 });
  const all = [pinned, ...others];
  const view = viewBranch(others[0]!, all, { pinned: false, rejected: false });
  expect(view).toMatchObject({ id: branchId(others[0]!), number: 2, pinned: false });
  // Number 2 in both, with other keys.
  expect(view.devices.map(({ device: number, onlyHere }) => [number, onlyHere])).toEqual([
    [1, false],
    [2, true],
  ]);
  expect(view.code).toMatch(/^\d{20}$/);
  expect(view.code).not.toBe(viewBranch(pinned, all, { pinned: true, rejected: false }).code);
});
