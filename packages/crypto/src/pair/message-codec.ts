/**
 * Pair messages on the wire: a kind byte, a version byte, a protobuf message and, for ratchet messages, a MAC. The field
 * numbers are those of the published WhisperTextProtocol, so that one codec serves every profile. Unknown fields are
 * ignored; truncated and over-long ones are refused. docs/PROTOCOL.md, "Pair messages".
 */
import { type Bytes, concat, err, ok, type Result } from "@hawser/base";
import type { PairError } from "./pair-error.ts";
import type { PairProfile } from "./profile.ts";
import { readProtoFields, type ProtoFields, writeProto } from "./proto-fields.ts";
import { KEM_SIZE_BYTES, KEY_SIZE_BYTES, MAX_COUNTER, MAX_PAIR_MESSAGE_SIZE_BYTES } from "./session-state.ts";

export const PREKEY_MESSAGE = 1;
export const RATCHET_MESSAGE = 2;

export interface RatchetMessage {
  readonly ratchetKey: Bytes;
  readonly counter: number;
  readonly previousCounter: number;
  readonly ciphertext: Bytes;
  /** Version byte and protobuf: what the MAC covers. */
  readonly authenticated: Bytes;
  readonly mac: Bytes;
}

export interface PreKeyMessage {
  readonly signedPreKeyId: number;
  readonly kemPreKeyId: number;
  readonly oneTimePreKeyId: number | undefined;
  readonly baseKey: Bytes;
  readonly identityKey: Bytes;
  readonly kemCiphertext: Bytes;
  readonly ratchet: RatchetMessage;
}

export type PairMessage =
  | { readonly kind: "prekey"; readonly message: PreKeyMessage }
  | { readonly kind: "ratchet"; readonly message: RatchetMessage };

const malformed = (offset: number): Result<never, PairError> => err({ kind: "malformed-message", offset });

/** The part of a ratchet message that the MAC covers. */
export function encodeRatchetHeader(
  profile: PairProfile,
  ratchetKey: Bytes,
  counter: number,
  previousCounter: number,
  ciphertext: Bytes,
): Bytes {
  return writeProto(profile.messageVersion, [
    [1, concat(profile.dhKeyPrefix, ratchetKey)],
    [2, counter],
    [3, previousCounter],
    [4, ciphertext],
  ]);
}

export const frameRatchet = (ratchetBytes: Bytes): Bytes => concat(Uint8Array.of(RATCHET_MESSAGE), ratchetBytes);

export function framePreKey(
  profile: PairProfile,
  fields: Omit<PreKeyMessage, "ratchet"> & { readonly registrationTag: number },
  ratchetBytes: Bytes,
): Bytes {
  const proto = writeProto(profile.messageVersion, [
    [1, fields.oneTimePreKeyId],
    [2, concat(profile.dhKeyPrefix, fields.baseKey)],
    [3, concat(profile.dhKeyPrefix, fields.identityKey)],
    [4, ratchetBytes],
    [5, fields.registrationTag === 0 ? undefined : fields.registrationTag],
    [6, fields.signedPreKeyId],
    [7, fields.kemPreKeyId],
    [8, concat(profile.kemKeyPrefix, fields.kemCiphertext)],
  ]);
  return concat(Uint8Array.of(PREKEY_MESSAGE), proto);
}

export function decodePairMessage(profile: PairProfile, bytes: Bytes): Result<PairMessage, PairError> {
  if (bytes.length > MAX_PAIR_MESSAGE_SIZE_BYTES) return err({ kind: "too-large", sizeBytes: bytes.length });
  const body = bytes.subarray(1);
  if (bytes[0] === RATCHET_MESSAGE) {
    const message = decodeRatchet(profile, body);
    return message.ok ? ok({ kind: "ratchet", message: message.value }) : message;
  }
  if (bytes[0] === PREKEY_MESSAGE) {
    const message = decodePreKey(profile, body);
    return message.ok ? ok({ kind: "prekey", message: message.value }) : message;
  }
  return malformed(0);
}

function decodeRatchet(profile: PairProfile, bytes: Bytes): Result<RatchetMessage, PairError> {
  const macAt = bytes.length - profile.macSizeBytes;
  if (macAt < 1) return malformed(bytes.length);
  const authenticated = bytes.subarray(0, macAt);
  const fields = readVersioned(profile, authenticated);
  if (!fields.ok) return fields;
  const ratchetKey = prefixed(fields.value.bytes.get(1), profile.dhKeyPrefix, KEY_SIZE_BYTES);
  const counter = fields.value.numbers.get(2);
  const ciphertext = fields.value.bytes.get(4);
  const previousCounter = fields.value.numbers.get(3) ?? 0;
  if (ratchetKey === undefined || counter === undefined || ciphertext === undefined) return malformed(macAt);
  if (counter >= MAX_COUNTER || previousCounter >= MAX_COUNTER) return malformed(macAt);
  return ok({ ratchetKey, counter, previousCounter, ciphertext, authenticated, mac: bytes.subarray(macAt) });
}

function decodePreKey(profile: PairProfile, bytes: Bytes): Result<PreKeyMessage, PairError> {
  const fields = readVersioned(profile, bytes);
  if (!fields.ok) return fields;
  const { bytes: strings, numbers } = fields.value;
  const baseKey = prefixed(strings.get(2), profile.dhKeyPrefix, KEY_SIZE_BYTES);
  const identityKey = prefixed(strings.get(3), profile.dhKeyPrefix, KEY_SIZE_BYTES);
  const inner = strings.get(4);
  const signedPreKeyId = numbers.get(6);
  const kemPreKeyId = numbers.get(7);
  const kemCiphertext = prefixed(strings.get(8), profile.kemKeyPrefix, KEM_SIZE_BYTES);
  if (baseKey === undefined || identityKey === undefined || inner === undefined) return malformed(bytes.length);
  if (signedPreKeyId === undefined || kemPreKeyId === undefined || kemCiphertext === undefined) return malformed(bytes.length);
  const ratchet = decodeRatchet(profile, inner);
  if (!ratchet.ok) return ratchet;
  return ok({ signedPreKeyId, kemPreKeyId, oneTimePreKeyId: numbers.get(1), baseKey, identityKey, kemCiphertext, ratchet: ratchet.value });
}

function readVersioned(profile: PairProfile, bytes: Bytes): Result<ProtoFields, PairError> {
  const version = bytes[0];
  if (version === undefined) return malformed(0);
  if (version !== profile.messageVersion) return err({ kind: "unsupported-version", version });
  return readProtoFields(bytes, 1);
}

/** Strips a key's type byte; `undefined` when it is missing or the size is wrong. */
function prefixed(bytes: Bytes | undefined, prefix: Bytes, sizeBytes: number): Bytes | undefined {
  if (bytes?.length !== prefix.length + sizeBytes) return undefined;
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return undefined;
  return bytes.subarray(prefix.length);
}
