/**
 * Lists that contradict what is pinned, kept as evidence: a person can be shown what an account's chain parted into. Invariant: only what
 * the account signed is kept, and what follows a list that a person decided against is decided against as well.
 */
import { type AccountId, toHex } from "@hawser/base";
import { type VerifiedDeviceList, verifyDeviceList } from "@hawser/crypto";
import type { SignedDeviceList } from "@hawser/wire";
import type { Core } from "../core.ts";

type Entry = Pick<SignedDeviceList, "payload" | "signature">;

/** Keeps what stands outside the pinned chain. True when something is among it that nobody has decided about. Inside a transaction. */
export function noteForks({ store, ports }: Core, account: AccountId, entries: readonly Entry[]): boolean {
  const { lists, forkLists } = store;
  const newest = lists.latest(account);
  /** What goes on from the pinned chain is no fork of it. */
  const following = new Set(newest === undefined ? [] : [toHex(newest.hash)]);
  let isUndecided = false;
  for (const list of verified(entries)) {
    if (list.number <= (newest?.number ?? 0)) {
      const pinned = lists.at(account, list.number);
      if (pinned !== undefined && toHex(pinned.hash) === toHex(list.hash)) continue;
    } else if (following.has(toHex(list.list.previousHash))) {
      following.add(toHex(list.hash));
      continue;
    }
    if (forkLists.isRejected(account, list.hash) || forkLists.isRejected(account, list.list.previousHash)) forkLists.reject(list);
    else {
      forkLists.note(list);
      isUndecided = true;
    }
  }
  return isUndecided;

  function* verified(all: readonly Entry[]): Iterable<VerifiedDeviceList> {
    for (const entry of all) {
      const list = verifyDeviceList(ports.primitives, entry);
      if (list.ok && list.value.account === account) yield list.value;
    }
  }
}
