/**
 * The pair engine: sessions with one other device, bytes in and bytes out. PQXDH opens a session, the Double Ratchet
 * carries it, Sesame's rules choose between several. Invariants:
 * - a call that fails changes nothing: records are values, the new one is only in a successful result;
 * - what `encrypt` returns must be stored together with its record before it is sent (a repeated record repeats keys);
 * - no handshake is answered twice, no message decrypts twice.
 * docs/PROTOCOL.md, "Pairwise sessions".
 */
import { assert, type Bytes, concat, equalBytes, err, ok, type Primitives, type Random, type Result } from "@hawser/base";
import { acceptHandshake, type HandshakeKeys, initiateHandshake } from "./handshake.ts";
import {
  decodePairMessage,
  encodeRatchetHeader,
  framePreKey,
  frameRatchet,
  type PreKeyMessage,
  type RatchetMessage,
} from "./message-codec.ts";
import type { PairError } from "./pair-error.ts";
import * as preKeys from "./prekeys.ts";
import { type DeviceIdentity, HAWSER_PROFILE, type PairProfile } from "./profile.ts";
import { deriveMessageKeys, messageMac, messageSeed, nextChainKey, receiveWith, wipeMessageKeys } from "./ratchet.ts";
import { decodeRecord, decodeState, encodeRecord } from "./record-codec.ts";
import { archiveCurrent, assertAddresses, belongsTo, bindPair, hasSeenBaseKey, newRecord, noteBaseKey } from "./session-record.ts";
import { MAX_COUNTER, MAX_PAIR_PLAINTEXT_SIZE_BYTES, type SessionRecord } from "./session-state.ts";

/** There is no post-quantum ratchet: after this time PQXDH is run again (docs/THREAT-MODEL.md). */
export const SESSION_REFRESH_AFTER_MS = 14 * 24 * 60 * 60 * 1000;

export interface PairContext {
  readonly nowMs: number;
  readonly random: Random;
}

/** The prekeys that a first message was made for. */
export interface PreKeyIds {
  readonly signed: number;
  readonly kem: number;
  readonly oneTime?: number | undefined;
}

export interface InitiateInput {
  readonly identity: DeviceIdentity;
  readonly bundle: preKeys.PreKeyBundle;
  readonly localAddress: Bytes;
  readonly remoteAddress: Bytes;
  /** An earlier record with the same device: its sessions are kept for messages under way. */
  readonly record?: Bytes | undefined;
}

export interface DecryptInput {
  /** `undefined` when nothing was ever exchanged with this device. */
  readonly record?: Bytes | undefined;
  readonly message: Bytes;
  readonly identity: DeviceIdentity;
  /** The sender's X25519 key as its account's device list certifies it. */
  readonly remoteIdentityDh: Bytes;
  readonly localAddress: Bytes;
  readonly remoteAddress: Bytes;
  /** Looks secret keys up; asked only for a first message of a session not known yet. */
  readonly preKeys: (ids: PreKeyIds) => Result<HandshakeKeys, PairError>;
}

export interface Decrypted {
  readonly record: Bytes;
  readonly plaintext: Bytes;
  /** To be deleted in the transaction that stores the record. */
  readonly usedOneTimePreKey?: number;
  /** To be deleted likewise, unless it is the last-resort key. */
  readonly usedKemPreKey?: number;
  /** A session was opened by this message. */
  readonly newSession: boolean;
}

export interface Inspected {
  readonly kind: "prekey" | "ratchet";
  readonly preKeyIds?: PreKeyIds;
  readonly baseKey?: Bytes;
  /** The identity key the sender claims; only the device list says whether it is true. */
  readonly identityDh?: Bytes;
}

export interface PairEngine {
  readonly profile: PairProfile;
  newIdentity(context: Pick<PairContext, "random">): DeviceIdentity;
  newSignedPreKey(id: number, identity: DeviceIdentity, context: Pick<PairContext, "random">): preKeys.SignedPreKeyPair;
  newKemPreKey(
    id: number,
    identity: DeviceIdentity,
    context: Pick<PairContext, "random">,
    options?: { readonly lastResort?: boolean },
  ): preKeys.KemPreKeyPair;
  newOneTimePreKey(id: number, context: Pick<PairContext, "random">): preKeys.PreKeyPair;
  /** Opens a session from a bundle. The result is a record to give to `encrypt`. */
  initiate(input: InitiateInput, context: PairContext): Result<Bytes, PairError>;
  /** Until the other side has answered, the message carries the handshake too. */
  encrypt(record: Bytes, plaintext: Bytes, context: PairContext): Result<{ readonly record: Bytes; readonly message: Bytes }, PairError>;
  /** What a message is, without any key. */
  inspect(message: Bytes): Result<Inspected, PairError>;
  decrypt(input: DecryptInput, context: PairContext): Result<Decrypted, PairError>;
  /** Age of the current session; never negative, because clocks jump. */
  sessionAgeMs(record: Bytes, nowMs: number): Result<number, PairError>;
  /** Whether `initiate` should run again with a fresh bundle. */
  shouldRefresh(record: Bytes, nowMs: number): boolean;
}

export function createPairEngine(primitives: Primitives, profile: PairProfile = HAWSER_PROFILE): PairEngine {
  return {
    profile,
    newIdentity: ({ random }) => preKeys.newDeviceIdentity(primitives, random),
    newSignedPreKey: (id, identity, { random }) => preKeys.newSignedPreKey(primitives, profile, id, identity, random),
    newKemPreKey: (id, identity, { random }, options) =>
      preKeys.newKemPreKey(primitives, profile, id, identity, random, options?.lastResort ?? false),
    newOneTimePreKey: (id, { random }) => preKeys.newOneTimePreKey(primitives, id, random),
    initiate: (input, context) => initiate(primitives, profile, input, context),
    encrypt: (record, plaintext) => encrypt(primitives, profile, record, plaintext),
    inspect: (message) => inspect(profile, message),
    decrypt: (input, context) => decrypt(primitives, profile, input, context),
    sessionAgeMs,
    shouldRefresh(record, nowMs) {
      const age = sessionAgeMs(record, nowMs);
      return age.ok && age.value >= SESSION_REFRESH_AFTER_MS;
    },
  };
}

function initiate(primitives: Primitives, profile: PairProfile, input: InitiateInput, context: PairContext): Result<Bytes, PairError> {
  assertAddresses(input.localAddress, input.remoteAddress);
  const earlier = input.record === undefined ? ok(undefined) : decodeRecord(input.record);
  if (!earlier.ok) return earlier;
  if (earlier.value !== undefined && !belongsTo(earlier.value, { ...input, remoteIdentityDh: input.bundle.identityDh })) {
    return err({ kind: "identity-mismatch" });
  }
  const state = initiateHandshake(primitives, profile, input.identity, input.bundle, context);
  if (!state.ok) return state;
  if (earlier.value !== undefined) {
    archiveCurrent(earlier.value);
    earlier.value.current = state.value;
    return ok(encodeRecord(earlier.value));
  }
  return ok(encodeRecord(newRecord(input, input.bundle.identityDh, state.value)));
}

function encrypt(
  primitives: Primitives,
  profile: PairProfile,
  recordBytes: Bytes,
  plaintext: Bytes,
): Result<{ record: Bytes; message: Bytes }, PairError> {
  if (plaintext.length > MAX_PAIR_PLAINTEXT_SIZE_BYTES) return err({ kind: "too-large", sizeBytes: plaintext.length });
  const decoded = decodeRecord(recordBytes);
  if (!decoded.ok) return decoded;
  const record = decoded.value;
  const state = record.current;
  assert(state.sendCounter < MAX_COUNTER - 1, "a sending chain is exhausted");

  const keys = deriveMessageKeys(primitives, profile, messageSeed(primitives, state.sendChainKey));
  const ciphertext = primitives.aes256CbcEncrypt(keys.cipherKey, keys.iv, plaintext);
  const header = encodeRatchetHeader(profile, state.ratchetPublic, state.sendCounter, state.previousCounter, ciphertext);
  const associatedData = bindPair(profile, record.localIdentity, record.remoteIdentity, record.localAddress, record.remoteAddress);
  const ratchetBytes = concat(header, messageMac(primitives, profile, keys.macKey, associatedData, header));
  wipeMessageKeys(keys);
  state.sendChainKey = nextChainKey(primitives, state.sendChainKey);
  state.sendCounter++;

  const message =
    state.pending === undefined
      ? frameRatchet(ratchetBytes)
      : framePreKey(profile, { ...state.pending, baseKey: state.baseKey, identityKey: record.localIdentity }, ratchetBytes);
  return ok({ record: encodeRecord(record), message });
}

function inspect(profile: PairProfile, bytes: Bytes): Result<Inspected, PairError> {
  const decoded = decodePairMessage(profile, bytes);
  if (!decoded.ok) return decoded;
  if (decoded.value.kind === "ratchet") return ok({ kind: "ratchet" });
  const { message } = decoded.value;
  return ok({ kind: "prekey", preKeyIds: preKeyIdsOf(message), baseKey: message.baseKey.slice(), identityDh: message.identityKey.slice() });
}

function decrypt(primitives: Primitives, profile: PairProfile, input: DecryptInput, context: PairContext): Result<Decrypted, PairError> {
  assertAddresses(input.localAddress, input.remoteAddress);
  const parsed = decodePairMessage(profile, input.message);
  if (!parsed.ok) return parsed;
  const decoded = input.record === undefined ? ok(undefined) : decodeRecord(input.record);
  if (!decoded.ok) return decoded;
  const record = decoded.value;
  if (record !== undefined && !belongsTo(record, input)) return err({ kind: "identity-mismatch" });
  if (parsed.value.kind === "prekey") return decryptPreKey(primitives, profile, input, parsed.value.message, record, context);
  return record === undefined
    ? err({ kind: "no-session" })
    : decryptInRecord(primitives, profile, record, parsed.value.message, context.random);
}

function decryptPreKey(
  primitives: Primitives,
  profile: PairProfile,
  input: DecryptInput,
  message: PreKeyMessage,
  record: SessionRecord | undefined,
  context: PairContext,
): Result<Decrypted, PairError> {
  if (!equalBytes(message.identityKey, input.remoteIdentityDh)) return err({ kind: "identity-mismatch" });
  if (record !== undefined) {
    // The initiator repeats its handshake until it hears from us; the session may be open already.
    const known = decryptInRecord(primitives, profile, record, message.ratchet, context.random, message.baseKey);
    if (known.ok || known.error.kind !== "no-session") return known;
    if (hasSeenBaseKey(record.seenBaseKeys, message.baseKey)) return err({ kind: "replayed-handshake" });
  }
  const ids = preKeyIdsOf(message);
  const keys = input.preKeys(ids);
  if (!keys.ok) return keys;
  if ((keys.value.oneTime === undefined) !== (ids.oneTime === undefined)) return err({ kind: "unknown-prekey", preKey: "one-time" });
  const remote = { identityDh: input.remoteIdentityDh, baseKey: message.baseKey.slice(), kemCiphertext: message.kemCiphertext };
  const accepted = acceptHandshake(primitives, profile, input.identity, keys.value, remote, context.nowMs);
  if (!accepted.ok) return accepted;
  const state = accepted.value;
  const associatedData = bindPair(profile, input.remoteIdentityDh, input.identity.dhPublic, input.remoteAddress, input.localAddress);
  const plaintext = receiveWith(primitives, profile, state, message.ratchet, associatedData, context.random);
  if (!plaintext.ok) return plaintext;

  const next = record ?? newRecord(input, input.remoteIdentityDh, state);
  if (record !== undefined) {
    archiveCurrent(next);
    next.current = state;
  }
  noteBaseKey(next, message.baseKey);
  return ok({
    record: encodeRecord(next),
    plaintext: plaintext.value,
    ...(ids.oneTime === undefined ? {} : { usedOneTimePreKey: ids.oneTime }),
    usedKemPreKey: ids.kem,
    newSession: true,
  });
}

/**
 * Tries the current session, then the archived ones; the one that fits becomes the current one (Sesame §3.4). With
 * `baseKey`, only the session of that handshake. Of several refusals the most telling is returned.
 */
function decryptInRecord(
  primitives: Primitives,
  profile: PairProfile,
  record: SessionRecord,
  message: RatchetMessage,
  random: Random,
  baseKey?: Bytes,
): Result<Decrypted, PairError> {
  const associatedData = bindPair(profile, record.remoteIdentity, record.localIdentity, record.remoteAddress, record.localAddress);
  let refusal: PairError = { kind: baseKey === undefined ? "bad-mac" : "no-session" };
  for (let index = -1; index < record.archived.length; index++) {
    const state = index < 0 ? ok(record.current) : decodeState(record.archived[index]!);
    if (!state.ok) return state;
    if (baseKey !== undefined && !equalBytes(state.value.baseKey, baseKey)) continue;
    const plaintext = receiveWith(primitives, profile, state.value, message, associatedData, random);
    if (!plaintext.ok) {
      const knowsChain = plaintext.error.kind === "duplicate" || plaintext.error.kind === "too-far-ahead";
      if (knowsChain || baseKey !== undefined) refusal = plaintext.error;
      if (plaintext.error.kind === "duplicate") break;
      continue;
    }
    state.value.pending = undefined;
    if (index >= 0) {
      record.archived.splice(index, 1);
      archiveCurrent(record);
      record.current = state.value;
    }
    return ok({ record: encodeRecord(record), plaintext: plaintext.value, newSession: false });
  }
  return err(refusal);
}

function sessionAgeMs(recordBytes: Bytes, nowMs: number): Result<number, PairError> {
  const record = decodeRecord(recordBytes);
  return record.ok ? ok(Math.max(0, nowMs - record.value.current.createdAtMs)) : record;
}

function preKeyIdsOf(message: PreKeyMessage): PreKeyIds {
  const ids = { signed: message.signedPreKeyId, kem: message.kemPreKeyId };
  return message.oneTimePreKeyId === undefined ? ids : { ...ids, oneTime: message.oneTimePreKeyId };
}
