/**
 * A record as a whole: which two devices it belongs to, which sessions it holds, which handshakes it has answered.
 * Invariant: a record is only ever used between the two identities and addresses it was made for.
 */
import { assert, type Bytes, concat, equalBytes } from "@hawser/base";
import type { DeviceIdentity, PairProfile } from "./profile.ts";
import { encodeState } from "./record-codec.ts";
import {
  MAX_ADDRESS_SIZE_BYTES,
  MAX_ARCHIVED_SESSIONS,
  MAX_SEEN_BASE_KEYS,
  SEEN_BASE_KEY_SIZE_BYTES,
  type SessionRecord,
  type SessionState,
} from "./session-state.ts";

interface Pair {
  readonly identity: DeviceIdentity;
  readonly remoteIdentityDh: Bytes;
  readonly localAddress: Bytes;
  readonly remoteAddress: Bytes;
}

/** What the MAC covers beside the message: both identity keys and, where the profile says so, both addresses. */
export function bindPair(profile: PairProfile, sender: Bytes, receiver: Bytes, senderAddress: Bytes, receiverAddress: Bytes): Bytes {
  const keys = [profile.dhKeyPrefix, sender, profile.dhKeyPrefix, receiver];
  if (!profile.bindsAddresses) return concat(...keys);
  return concat(...keys, Uint8Array.of(senderAddress.length), senderAddress, Uint8Array.of(receiverAddress.length), receiverAddress);
}

export function newRecord(pair: Omit<Pair, "remoteIdentityDh">, remoteIdentity: Bytes, current: SessionState): SessionRecord {
  return {
    localIdentity: pair.identity.dhPublic,
    remoteIdentity,
    localAddress: pair.localAddress,
    remoteAddress: pair.remoteAddress,
    current,
    archived: [],
    seenBaseKeys: new Uint8Array(0),
  };
}

export function belongsTo(record: SessionRecord, pair: Pair): boolean {
  return (
    equalBytes(record.localIdentity, pair.identity.dhPublic) &&
    equalBytes(record.remoteIdentity, pair.remoteIdentityDh) &&
    equalBytes(record.localAddress, pair.localAddress) &&
    equalBytes(record.remoteAddress, pair.remoteAddress)
  );
}

export function archiveCurrent(record: SessionRecord): void {
  record.archived.unshift(encodeState(record.current));
  if (record.archived.length > MAX_ARCHIVED_SESSIONS) record.archived.length = MAX_ARCHIVED_SESSIONS;
}

export function hasSeenBaseKey(packed: Bytes, baseKey: Bytes): boolean {
  const prefix = baseKey.subarray(0, SEEN_BASE_KEY_SIZE_BYTES);
  for (let at = 0; at < packed.length; at += SEEN_BASE_KEY_SIZE_BYTES) {
    if (equalBytes(packed.subarray(at, at + SEEN_BASE_KEY_SIZE_BYTES), prefix)) return true;
  }
  return false;
}

/** Remembers an answered handshake; beyond the bound the oldest is forgotten. */
export function noteBaseKey(record: SessionRecord, baseKey: Bytes): void {
  const all = concat(record.seenBaseKeys, baseKey.subarray(0, SEEN_BASE_KEY_SIZE_BYTES));
  record.seenBaseKeys = all.slice(-MAX_SEEN_BASE_KEYS * SEEN_BASE_KEY_SIZE_BYTES);
}

export function assertAddresses(...addresses: readonly Bytes[]): void {
  for (const address of addresses) assert(address.length <= MAX_ADDRESS_SIZE_BYTES, "address too long");
}
