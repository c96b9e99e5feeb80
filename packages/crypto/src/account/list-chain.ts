/**
 * The chain of an account's device lists, and what to do with lists that arrive. Invariants: numbers rise by one and each
 * list names its predecessor's hash; a device's keys never change; a device number is never used twice; a revoked device
 * never returns. Answers are values: only `advance` may replace what is pinned. docs/PROTOCOL.md, "Device list".
 */
import { type AccountId, type Bytes, compareBytes, equalBytes, type Primitives } from "@hawser/base";
import { type Device, type DeviceList, MAX_REVOCATIONS_PER_LIST, type SignedDeviceList } from "@hawser/wire";
import { type VerifiedDeviceList, verifyDeviceList } from "./device-list.ts";

type Entry = Pick<SignedDeviceList, "payload" | "signature">;

export type ChainOutcome =
  /** `lists` are the entries above the pin, ascending and verified; `latest` is the pin when there are none. */
  | { readonly kind: "ok"; readonly lists: readonly VerifiedDeviceList[]; readonly latest: VerifiedDeviceList }
  /** Everything given is older than the pin: someone hides newer lists. */
  | { readonly kind: "rollback"; readonly number: number }
  /** Two different lists, both validly signed, claim one place in the chain. */
  | { readonly kind: "equivocation"; readonly number: number }
  | { readonly kind: "bad-signature"; readonly index: number }
  /** Entries are missing; ask for those from `expected` on. */
  | { readonly kind: "gap"; readonly expected: number }
  /** An entry is malformed, breaks a rule, or belongs to another account. */
  | { readonly kind: "malformed"; readonly index: number; readonly rule: string };

export interface ChainOptions {
  /** The newest list this side has verified before. Without it the chain must begin at number 1. */
  readonly pinned?: VerifiedDeviceList | undefined;
  /** The account the chain must belong to, when it is known before any list is. */
  readonly account?: AccountId | undefined;
}

/** Checks ascending entries of one account against each other and against the pin. */
export function verifyChain(primitives: Primitives, entries: readonly Entry[], options: ChainOptions = {}): ChainOutcome {
  const { pinned } = options;
  const account = pinned?.account ?? options.account;
  const fresh: VerifiedDeviceList[] = [];
  let previous: VerifiedDeviceList | undefined;
  for (const [index, entry] of entries.entries()) {
    const verified = verifyDeviceList(primitives, entry);
    if (!verified.ok) return verified.error.kind === "bad-signature" ? { kind: "bad-signature", index } : { ...verified.error, index };
    const list = verified.value;
    if (account !== undefined && list.account !== account) return { kind: "malformed", index, rule: "another account" };
    if (pinned !== undefined && list.number === pinned.number && !equalBytes(list.hash, pinned.hash))
      return { kind: "equivocation", number: list.number };
    // The pin stands in for a predecessor that was not sent.
    const before = previous ?? (pinned !== undefined && list.number > pinned.number ? pinned : undefined);
    if (before === undefined) {
      if (pinned === undefined && list.number !== 1) return { kind: "gap", expected: 1 };
    } else {
      const fault = compareWithPredecessor(before, list, index);
      if (fault !== undefined) return fault;
    }
    if (pinned === undefined || list.number > pinned.number) fresh.push(list);
    previous = list;
  }
  const latest =
    previous === undefined || (pinned !== undefined && fresh.length === 0 && previous.number === pinned.number) ? pinned : previous;
  if (latest === undefined) return { kind: "gap", expected: 1 };
  if (pinned !== undefined && latest.number < pinned.number) return { kind: "rollback", number: latest.number };
  return { kind: "ok", lists: fresh, latest };
}

export type MergeOutcome =
  /** `lists` follow the current one without a gap: store them all, pin `latest`. */
  | { readonly kind: "advance"; readonly lists: readonly VerifiedDeviceList[]; readonly latest: VerifiedDeviceList }
  | { readonly kind: "same" }
  /** The other side knows less: send it the lists above `theirNumber`. */
  | { readonly kind: "stale"; readonly theirNumber: number }
  /** Nothing may be taken over; `cause` says why. */
  | { readonly kind: "conflict"; readonly cause: Exclude<ChainOutcome, { kind: "ok" } | { kind: "rollback" }> };

/** What incoming entries mean for what is known already. Pure: the caller stores and answers. */
export function mergeDeviceLists(
  primitives: Primitives,
  current: VerifiedDeviceList | undefined,
  incoming: readonly Entry[],
  account?: AccountId,
): MergeOutcome {
  const outcome = verifyChain(primitives, incoming, { pinned: current, account });
  if (outcome.kind === "rollback") return { kind: "stale", theirNumber: outcome.number };
  if (outcome.kind !== "ok") return { kind: "conflict", cause: outcome };
  if (outcome.lists.length === 0) return { kind: "same" };
  return { kind: "advance", lists: outcome.lists, latest: outcome.latest };
}

function compareWithPredecessor(before: VerifiedDeviceList, list: VerifiedDeviceList, index: number): ChainOutcome | undefined {
  if (compareBytes(before.accountKey, list.accountKey) !== 0) return { kind: "malformed", index, rule: "account key changed" };
  if (list.number > before.number + 1) return { kind: "gap", expected: before.number + 1 };
  if (list.number <= before.number) {
    const repeated = list.number === before.number && equalBytes(list.hash, before.hash);
    return repeated || list.number < before.number
      ? { kind: "malformed", index, rule: "order of entries" }
      : { kind: "equivocation", number: list.number };
  }
  if (!equalBytes(list.list.previousHash, before.hash)) return { kind: "equivocation", number: before.number };
  const rule = brokenSuccessorRule(before.list, list.list);
  return rule === undefined ? undefined : { kind: "malformed", index, rule };
}

/** The rules between a list and the one before it; the name of the first broken one. */
export function brokenSuccessorRule(before: DeviceList, after: DeviceList): string | undefined {
  if (after.nextDeviceNumber < before.nextDeviceNumber) return "next device number fell";
  const survivors = new Map(after.devices.map((device) => [device.number, device]));
  const removed: number[] = [];
  for (const device of before.devices) {
    const survivor = survivors.get(device.number);
    if (survivor === undefined) removed.push(device.number);
    else if (!sameDevice(device, survivor)) return "a device changed";
    survivors.delete(device.number);
  }
  for (const number of survivors.keys()) if (number < before.nextDeviceNumber) return "a device number was used again";

  // Old revocations stay, in order; only the oldest may fall out, and only when the list is full.
  const added = after.revocations.slice(Math.max(0, after.revocations.length - removed.length));
  const kept = after.revocations.slice(0, after.revocations.length - added.length);
  const dropped = before.revocations.length - kept.length;
  if (added.length !== removed.length || added.some(({ device }) => !removed.includes(device))) return "a removal without a revocation";
  if (dropped < 0 || (dropped > 0 && after.revocations.length < MAX_REVOCATIONS_PER_LIST)) return "a revocation was changed";
  const unchanged = kept.every((revocation, index) => {
    const old = before.revocations[index + dropped]!;
    return (
      revocation.device === old.device &&
      revocation.reason === old.reason &&
      revocation.revokedBy === old.revokedBy &&
      revocation.revokedAtMs === old.revokedAtMs
    );
  });
  return unchanged ? undefined : "a revocation was changed";
}

/** Everything but the label is fixed for a device's life. */
function sameDevice(a: Device, b: Device): boolean {
  const sameBytes = (x: Bytes, y: Bytes): boolean => compareBytes(x, y) === 0;
  return (
    a.kind === b.kind &&
    a.addedAtMs === b.addedAtMs &&
    sameBytes(a.signingKey, b.signingKey) &&
    sameBytes(a.dhKey, b.dhKey) &&
    sameBytes(a.attemptId, b.attemptId)
  );
}
