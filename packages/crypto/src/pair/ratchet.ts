/**
 * The Double Ratchet (signal.org/docs/specifications/doubleratchet §3 and §5.2). Invariants: a key is derived once and
 * forgotten after use; a state changes only after the MAC of the message that changes it was checked, so a forged
 * message costs work and nothing else.
 */
import { type Bytes, concat, equalBytes, err, ok, type Primitives, type Random, type Result } from "@hawser/base";
import type { RatchetMessage } from "./message-codec.ts";
import type { PairError } from "./pair-error.ts";
import type { PairProfile } from "./profile.ts";
import { KEY_SIZE_BYTES, MAX_FORWARD_JUMP, MAX_RECEIVE_CHAINS, type ReceiveChain, type SessionState } from "./session-state.ts";
import { packSkipped, removeSkipped, skippedCount, skippedSeed, trimSkipped } from "./skipped-keys.ts";

const MESSAGE_KEY_STEP = Uint8Array.of(1);
const CHAIN_KEY_STEP = Uint8Array.of(2);
const IV_SIZE_BYTES = 16;
const ZERO_SALT = new Uint8Array(KEY_SIZE_BYTES);
const NO_KEYS = new Uint8Array(0);

export interface MessageKeys {
  readonly cipherKey: Bytes;
  readonly macKey: Bytes;
  readonly iv: Bytes;
}

/** One DH step of the root chain; `undefined` when the public key is of low order. */
export function deriveRoot(
  primitives: Primitives,
  profile: PairProfile,
  rootKey: Bytes,
  secretKey: Bytes,
  publicKey: Bytes,
): { readonly rootKey: Bytes; readonly chainKey: Bytes } | undefined {
  const shared = primitives.x25519(secretKey, publicKey);
  if (shared === undefined) return undefined;
  const derived = primitives.hkdfSha256(shared, rootKey, profile.ratchetInfo, 2 * KEY_SIZE_BYTES);
  shared.fill(0);
  return { rootKey: derived.slice(0, KEY_SIZE_BYTES), chainKey: derived.slice(KEY_SIZE_BYTES) };
}

/** Cipher key, MAC key and IV from the seed of one message. */
export function deriveMessageKeys(primitives: Primitives, profile: PairProfile, seed: Bytes): MessageKeys {
  const derived = primitives.hkdfSha256(seed, ZERO_SALT, profile.messageKeysInfo, 2 * KEY_SIZE_BYTES + IV_SIZE_BYTES);
  return {
    cipherKey: derived.subarray(0, KEY_SIZE_BYTES),
    macKey: derived.subarray(KEY_SIZE_BYTES, 2 * KEY_SIZE_BYTES),
    iv: derived.subarray(2 * KEY_SIZE_BYTES),
  };
}

export function wipeMessageKeys(keys: MessageKeys): void {
  keys.cipherKey.fill(0);
  keys.macKey.fill(0);
  keys.iv.fill(0);
}

export function messageMac(
  primitives: Primitives,
  profile: PairProfile,
  macKey: Bytes,
  associatedData: Bytes,
  authenticated: Bytes,
): Bytes {
  return primitives.hmacSha256(macKey, concat(associatedData, authenticated)).slice(0, profile.macSizeBytes);
}

export const messageSeed = (primitives: Primitives, chainKey: Bytes): Bytes => primitives.hmacSha256(chainKey, MESSAGE_KEY_STEP);
export const nextChainKey = (primitives: Primitives, chainKey: Bytes): Bytes => primitives.hmacSha256(chainKey, CHAIN_KEY_STEP);

/**
 * Decrypts with one session. On success `state` has been advanced; on failure it is unchanged. `random` gives the 32
 * bytes of a new ratchet key when the peer turned the ratchet.
 */
export function receiveWith(
  primitives: Primitives,
  profile: PairProfile,
  state: SessionState,
  message: RatchetMessage,
  associatedData: Bytes,
  random: Random,
): Result<Bytes, PairError> {
  const known = state.receiveChains.find((chain) => equalBytes(chain.ratchetKey, message.ratchetKey));
  return known === undefined
    ? receiveOnNewChain(primitives, profile, state, message, associatedData, random)
    : receiveOnChain(primitives, profile, state, known, message, associatedData);
}

function receiveOnChain(
  primitives: Primitives,
  profile: PairProfile,
  state: SessionState,
  chain: ReceiveChain,
  message: RatchetMessage,
  associatedData: Bytes,
): Result<Bytes, PairError> {
  if (message.counter < chain.counter) {
    const seed = skippedSeed(chain.skipped, message.counter);
    if (seed === undefined) return err({ kind: "duplicate" });
    const plaintext = open(primitives, profile, seed, message, associatedData);
    if (plaintext.ok) {
      chain.skipped = removeSkipped(chain.skipped, message.counter);
      dropEmptyChains(state);
    }
    return plaintext;
  }
  // The peer closed this chain at `counter` messages: nothing genuine lies beyond it.
  if (chain.chainKey === undefined) return err({ kind: "bad-mac" });
  const ahead = advance(primitives, chain.chainKey, chain.counter, message.counter);
  if (!ahead.ok) return ahead;
  const plaintext = open(primitives, profile, ahead.value.seed, message, associatedData);
  if (!plaintext.ok) return plaintext;
  chain.chainKey = ahead.value.chainKey;
  chain.counter = message.counter + 1;
  if (ahead.value.skipped.length > 0) {
    chain.skipped = concat(chain.skipped, ahead.value.skipped);
    trimSkipped(state.receiveChains);
    dropEmptyChains(state);
  }
  return plaintext;
}

function receiveOnNewChain(
  primitives: Primitives,
  profile: PairProfile,
  state: SessionState,
  message: RatchetMessage,
  associatedData: Bytes,
  random: Random,
): Result<Bytes, PairError> {
  const receiving = deriveRoot(primitives, profile, state.rootKey, state.ratchetSecret, message.ratchetKey);
  if (receiving === undefined) return err({ kind: "bad-key" });
  const ahead = advance(primitives, receiving.chainKey, 0, message.counter);
  if (!ahead.ok) return ahead;
  const plaintext = open(primitives, profile, ahead.value.seed, message, associatedData);
  if (!plaintext.ok) return plaintext;
  const ratchetSecret = random.bytes(KEY_SIZE_BYTES);
  const sending = deriveRoot(primitives, profile, receiving.rootKey, ratchetSecret, message.ratchetKey);
  if (sending === undefined) return err({ kind: "bad-key" });
  // Authenticated: only now is work done on what the header says about the previous chain.
  state.receiveChains = closeOpenChain(primitives, profile, state, message.previousCounter);
  state.receiveChains.push({
    ratchetKey: message.ratchetKey.slice(),
    chainKey: ahead.value.chainKey,
    counter: message.counter + 1,
    skipped: ahead.value.skipped,
  });
  trimSkipped(state.receiveChains);
  dropEmptyChains(state);
  state.rootKey = sending.rootKey;
  state.previousCounter = Math.max(0, state.sendCounter - profile.previousCounterBias);
  state.ratchetSecret = ratchetSecret;
  state.ratchetPublic = primitives.x25519PublicKey(ratchetSecret);
  state.sendChainKey = sending.chainKey;
  state.sendCounter = 0;
  return plaintext;
}

/**
 * The receiving chains after the peer moved on: the open one keeps the keys of its missing messages and nothing else.
 * Beyond `MAX_FORWARD_JUMP` missing messages are given up rather than the session.
 */
function closeOpenChain(primitives: Primitives, profile: PairProfile, state: SessionState, previousCounter: number): ReceiveChain[] {
  const chains = [...state.receiveChains];
  const open = chains.pop();
  if (open?.chainKey === undefined) return chains;
  const sent = previousCounter + profile.previousCounterBias;
  const end = Math.min(sent, open.counter + MAX_FORWARD_JUMP);
  const skipped: Bytes[] = [open.skipped];
  let chainKey = open.chainKey;
  for (let counter = open.counter; counter < end; counter++) {
    skipped.push(packSkipped(counter, messageSeed(primitives, chainKey)));
    chainKey = nextChainKey(primitives, chainKey);
  }
  chains.push({ ratchetKey: open.ratchetKey, chainKey: undefined, counter: Math.max(end, open.counter), skipped: concat(...skipped) });
  return chains;
}

/** Walks a chain from `from` to `to`: the seed at `to`, the chain key after it, the packed seeds in between. */
function advance(
  primitives: Primitives,
  start: Bytes,
  from: number,
  to: number,
): Result<{ readonly seed: Bytes; readonly chainKey: Bytes; readonly skipped: Bytes }, PairError> {
  if (to - from > MAX_FORWARD_JUMP) return err({ kind: "too-far-ahead", jump: to - from });
  let chainKey = start;
  const skipped: Bytes[] = [];
  for (let counter = from; counter < to; counter++) {
    skipped.push(packSkipped(counter, messageSeed(primitives, chainKey)));
    chainKey = nextChainKey(primitives, chainKey);
  }
  const seed = messageSeed(primitives, chainKey);
  return ok({ seed, chainKey: nextChainKey(primitives, chainKey), skipped: skipped.length === 0 ? NO_KEYS : concat(...skipped) });
}

function open(
  primitives: Primitives,
  profile: PairProfile,
  seed: Bytes,
  message: RatchetMessage,
  associatedData: Bytes,
): Result<Bytes, PairError> {
  const keys = deriveMessageKeys(primitives, profile, seed);
  const expected = messageMac(primitives, profile, keys.macKey, associatedData, message.authenticated);
  const plaintext = equalBytes(expected, message.mac)
    ? primitives.aes256CbcDecrypt(keys.cipherKey, keys.iv, message.ciphertext)
    : undefined;
  wipeMessageKeys(keys);
  return plaintext === undefined ? err({ kind: "bad-mac" }) : ok(plaintext);
}

/** Closed chains without keys say nothing any more; beyond the bound the oldest chain goes. */
function dropEmptyChains(state: SessionState): void {
  const open = state.receiveChains.length - 1;
  const kept = state.receiveChains.filter((chain, index) => index === open || skippedCount(chain.skipped) > 0);
  state.receiveChains = kept.slice(-MAX_RECEIVE_CHAINS);
}
