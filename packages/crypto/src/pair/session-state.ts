/**
 * The state of sessions with one other device, and its bounds. Invariants: a message key exists at most once and is gone
 * after use; only the newest receiving chain is open; every list here is bounded by a constant of this file.
 */
import type { Bytes } from "@hawser/base";

export const KEY_SIZE_BYTES = 32;
/** Of ML-KEM-1024 and Kyber-1024: public key and ciphertext alike. */
export const KEM_SIZE_BYTES = 1568;
/** How many messages of one chain may be missing before a message is refused. */
export const MAX_FORWARD_JUMP = 2000;
/** Message keys kept for late messages, per session; the oldest go first. */
export const MAX_SKIPPED_KEYS = 2000;
/** Receiving chains with keys for late messages, the open one included; the oldest go first. */
export const MAX_RECEIVE_CHAINS = 6;
/** Earlier sessions kept so that messages under way still decrypt (Sesame §3); the oldest go first. */
export const MAX_ARCHIVED_SESSIONS = 8;
/** Base keys of handshakes answered before, kept to refuse replays; the oldest go first. */
export const MAX_SEEN_BASE_KEYS = 64;
export const SEEN_BASE_KEY_SIZE_BYTES = 16;
/** An address: account id and device number in the caller's encoding. */
export const MAX_ADDRESS_SIZE_BYTES = 64;
export const MAX_PAIR_PLAINTEXT_SIZE_BYTES = 256 * 1024;
/** A first message adds 1.8 KiB of keys to the ciphertext. */
export const MAX_PAIR_MESSAGE_SIZE_BYTES = MAX_PAIR_PLAINTEXT_SIZE_BYTES + 4096;
export const MAX_COUNTER = 0xffff_ffff;

/** One entry of `ReceiveChain.skipped`: counter (32 bits) and the seed of its message keys. */
export const SKIPPED_ENTRY_SIZE_BYTES = 4 + KEY_SIZE_BYTES;

export interface ReceiveChain {
  readonly ratchetKey: Bytes;
  /** `undefined` once the peer moved on: only skipped keys remain. */
  chainKey: Bytes | undefined;
  /** The counter of the next message in order. */
  counter: number;
  /** Entries of `SKIPPED_ENTRY_SIZE_BYTES` in ascending order, kept packed because there can be thousands. */
  skipped: Bytes;
}

/** What the initiator repeats in every message until the first answer. */
export interface PendingPreKey {
  readonly signedPreKeyId: number;
  readonly kemPreKeyId: number;
  readonly oneTimePreKeyId: number | undefined;
  readonly kemCiphertext: Bytes;
  readonly registrationTag: number;
}

export interface SessionState {
  readonly createdAtMs: number;
  /** The initiator's ephemeral key of the handshake: names the session on both sides. */
  readonly baseKey: Bytes;
  rootKey: Bytes;
  ratchetSecret: Bytes;
  ratchetPublic: Bytes;
  sendChainKey: Bytes;
  sendCounter: number;
  previousCounter: number;
  /** Oldest first; only the last may be open. */
  receiveChains: ReceiveChain[];
  pending: PendingPreKey | undefined;
}

export interface SessionRecord {
  readonly localIdentity: Bytes;
  readonly remoteIdentity: Bytes;
  readonly localAddress: Bytes;
  readonly remoteAddress: Bytes;
  current: SessionState;
  /** Encoded states, newest first; parsed only when needed. */
  archived: Bytes[];
  /** Packed prefixes of `SEEN_BASE_KEY_SIZE_BYTES`, oldest first. */
  seenBaseKeys: Bytes;
}
