/**
 * What a contact's chain of device lists parted into, told from the lists themselves. Pure. Invariant: a branch is only ever whole: each
 * of its lists follows the one before it, back to a list of the pinned chain or to list 1 (docs/PROTOCOL.md, "Device list").
 */
import { type AccountId, type DeviceNumber, equalBytes, type Primitives, toHex } from "@hawser/base";
import { listCode, type VerifiedDeviceList, verifyChain } from "@hawser/crypto";
import { type Device, DeviceKind } from "@hawser/wire";
import type { ListBranch } from "../api.ts";

export interface Branch {
  /** What it shares with the pinned chain ends here; 0: nothing. */
  readonly commonNumber: number;
  /** From there on, ascending. Empty for the pinned chain, where nothing of it is its own. */
  readonly lists: readonly VerifiedDeviceList[];
  readonly newest: VerifiedDeviceList;
}

/** Whole branches among `others`, which stand outside the pinned chain. */
export function findBranches(
  primitives: Primitives,
  account: AccountId,
  pinned: readonly VerifiedDeviceList[],
  others: readonly VerifiedDeviceList[],
): Branch[] {
  const own = new Map(pinned.map((list) => [toHex(list.hash), list]));
  const known = new Map(others.filter((list) => !own.has(toHex(list.hash))).map((list) => [toHex(list.hash), list]));
  const followed = new Set([...known.values()].map(({ list }) => toHex(list.previousHash)));
  const branches: Branch[] = [];
  for (const [hash, tip] of known) {
    if (followed.has(hash)) continue;
    const lists: VerifiedDeviceList[] = [];
    let at: VerifiedDeviceList | undefined = tip;
    let before = "";
    while (at !== undefined) {
      lists.unshift(at);
      before = toHex(at.list.previousHash);
      at = known.get(before);
    }
    const common = own.get(before);
    if (common === undefined && lists[0]!.number !== 1) continue;
    // Each was verified alone; whether they follow one another is another question.
    const entries = lists.map(({ entry }) => entry);
    if (verifyChain(primitives, entries, { pinned: common, account }).kind !== "ok") continue;
    branches.push({ commonNumber: common?.number ?? 0, lists, newest: tip });
  }
  return branches;
}

/** The pinned chain as one branch among the others: what is its own begins where the first of them leaves it. */
export function pinnedBranch(pinned: readonly VerifiedDeviceList[], others: readonly Branch[]): Branch | undefined {
  const newest = pinned.at(-1);
  if (newest === undefined) return undefined;
  const commonNumber = Math.min(newest.number, ...others.map((branch) => branch.commonNumber));
  return { commonNumber, lists: pinned.filter(({ number }) => number > commonNumber), newest };
}

export const branchId = ({ newest }: Branch): string => toHex(newest.hash);

/** As a screen shows it, beside all of them. */
export function viewBranch(
  branch: Branch,
  all: readonly Branch[],
  marks: { readonly pinned: boolean; readonly rejected: boolean },
): ListBranch {
  const { newest } = branch;
  const others = all.filter((other) => other !== branch);
  return {
    id: branchId(branch),
    code: listCode(newest),
    number: newest.number,
    signedAtMs: Number(newest.list.signedAtMs),
    ...marks,
    devices: newest.list.devices.map((device) => ({
      device: device.number as DeviceNumber,
      role: device.kind === DeviceKind.PHONE ? "phone" : "companion",
      addedAtMs: Number(device.addedAtMs),
      onlyHere: others.every((other) => !hasDevice(other.newest, device)),
    })),
  };
}

export const hasDevice = ({ list }: VerifiedDeviceList, device: Device): boolean =>
  list.devices.some(
    (other) => other.number === device.number && equalBytes(other.signingKey, device.signingKey) && equalBytes(other.dhKey, device.dhKey),
  );
