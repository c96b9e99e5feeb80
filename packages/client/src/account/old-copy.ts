/**
 * A store that was put back from an older copy must not go on where that copy stood: its ratchets would make keys and nonces that were
 * used before. Invariant: nothing sealed with the ratchets of a store leaves the device on a connection before that store was compared
 * with what the server knows the device to have done. Evidence is only what cannot be true of a store that was never put back, whatever
 * crashed (docs/adr/0005). docs/PROTOCOL.md, "Old copies".
 */
import { messageIdFromBytes } from "@hawser/base";
import type { DeviceWelcome } from "@hawser/wire";
import { GAP_MARGIN_MS, MAX_PREKEY_ID, PRE_KEY_IDS_SKIPPED } from "../bounds.ts";
import type { Core } from "../core.ts";
import { SALVAGED } from "../store/salvage.ts";

export type OldCopyEvidence =
  /** The device has said that it committed more than this store has: it says so only after the commit. */
  | "committed-more"
  /** The device has sent a message that this store has not sealed. */
  | "sent-more"
  /** The device has uploaded one-time keys that this store has not made: they are committed before. */
  | "made-more-keys";

export function findOldCopy({ identity, store }: Core, welcome: DeviceWelcome): OldCopyEvidence | undefined {
  const { epoch, cursor } = identity.mailbox();
  // Numbers of another epoch say nothing about this one's.
  if (welcome.mailboxEpoch === epoch && Number(welcome.committedSequence) > cursor) return "committed-more";
  const { lastMessageId: id } = welcome;
  if (id.length === 16 && store.sealedIds.judge(messageIdFromBytes(id)) === "unknown-later") return "sent-more";
  const { highestOneTimePreKey: oneTime, highestOneTimeKemPreKey: kem } = welcome;
  const hasMore = (known: number, mine: number): boolean => known > mine && known <= MAX_PREKEY_ID;
  return hasMore(oneTime, store.preKeys.lastId("one-time")) || hasMore(kem, store.preKeys.lastId("kem")) ? "made-more-keys" : undefined;
}

/**
 * Forgets what an older copy may not go on with: pair sessions, prekeys, sealed frames, jobs half done. What was written and not sent
 * stays and is sealed again. Inside a transaction that also takes over the server's view of the mailbox.
 */
export function startAfresh({ store }: Core, welcome?: DeviceWelcome): void {
  const { preKeys, kv } = store;
  store.sessions.deleteAll();
  preKeys.deleteAll();
  const known = { signed: 0, "one-time": welcome?.highestOneTimePreKey ?? 0, kem: welcome?.highestOneTimeKemPreKey ?? 0 } as const;
  for (const kind of ["signed", "one-time", "kem"] as const) {
    const above = known[kind] <= MAX_PREKEY_ID ? known[kind] : 0;
    preKeys.skipTo(kind, Math.max(above, preKeys.lastId(kind) + PRE_KEY_IDS_SKIPPED));
  }
  kv.setJson(VOID_BELOW, { oneTime: preKeys.lastId("one-time") + 1, kem: preKeys.lastId("kem") + 1 } satisfies VoidBelow);
  kv.setJson(ARCHIVE_UNSURE, true);
  store.outbox.unseal();
  if (welcome?.lastMessageId.length === 16) store.sealedIds.add(messageIdFromBytes(welcome.lastMessageId));
}

/** After a store was rebuilt from a damaged one. Nothing has been sent since. `mend` does in the same transaction what else follows. */
export function startAfreshIfSalvaged(core: Core, mend: () => void): void {
  const { identity, store } = core;
  if (store.kv.getBytes(SALVAGED) === undefined) return;
  if (identity.self() === undefined) return store.kv.delete(SALVAGED);
  const begin = (): void => {
    store.kv.delete(SALVAGED);
    startAfresh(core);
    sendWhatWasLost(core);
    // Nobody knows what was on the pages that are gone.
    identity.noteGap(Math.floor(core.timeMs()), 0);
    identity.setNotice("store-damaged");
    mend();
  };
  core.observe.doing("repair-store", "damaged", () => store.atomically(begin));
}

/** Nothing says for ever that it waits: what the damage took from the outbox goes from where it is kept for resends, or has failed. */
function sendWhatWasLost({ store }: Core): void {
  for (const messageId of store.outbox.lost()) {
    const sent = store.resends.findSent(messageId);
    if (sent === undefined) store.messages.raiseStatus(messageId, "failed");
    else store.outbox.add({ messageId, audience: "conversation", account: sent.account, content: sent.content });
  }
}

/** One-time keys below these ids are void, until the server has heard of it. */
export interface VoidBelow {
  readonly oneTime: number;
  readonly kem: number;
}
export const VOID_BELOW = "pre-keys-void-below";
/** What this store says of the archive may be old: the own devices may know better. */
export const ARCHIVE_UNSURE = "archive-unsure";

/** From when on deliveries may be missing: the last one that was committed, and what stands a little before it. 0: from the beginning. */
export function gapStartsMs({ identity }: Core): number {
  const { committedAtMs } = identity.mailbox();
  return committedAtMs === undefined ? 0 : Math.max(0, committedAtMs - GAP_MARGIN_MS);
}
