/**
 * Ids as branded strings. Bytes on the wire, text everywhere else; the conversions here are the only ones.
 * Specified in docs/PROTOCOL.md, "Identifiers".
 */
import { type Bytes, fromBase32, fromHex, toBase32, toHex } from "./bytes.ts";
import type { Random } from "./ports.ts";
import { assert } from "./result.ts";

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** The fingerprint of an account's Ed25519 key: 20 bytes, shown as 32 characters of base32. */
export type AccountId = Branded<string, "AccountId">;
/** A device's number inside its account: 1 … 2^32 − 1, given out by the signed list, never used twice. */
export type DeviceNumber = Branded<number, "DeviceNumber">;
/** UUIDv7 (RFC 9562 §5.7) in its canonical lower-case text form. */
export type MessageId = Branded<string, "MessageId">;
/** What a conversation is with: `a:` + account id, `g:` + group id, or `i:` + id of an imported chat. */
export type ConversationId = Branded<string, "ConversationId">;
/** The SHA-256 of an encrypted blob, as 64 hexadecimal digits. */
export type BlobId = Branded<string, "BlobId">;
/** One try at linking a device: 16 random bytes as 32 hexadecimal digits. */
export type AttemptId = Branded<string, "AttemptId">;

export interface DeviceAddress {
  readonly account: AccountId;
  readonly device: DeviceNumber;
}

export const ACCOUNT_ID_SIZE_BYTES = 20;
export const MESSAGE_ID_SIZE_BYTES = 16;
export const ATTEMPT_ID_SIZE_BYTES = 16;
export const BLOB_ID_SIZE_BYTES = 32;
/** The first device of an account, its first phone. */
export const FIRST_DEVICE = 1 as DeviceNumber;

export function accountIdFromBytes(bytes: Bytes): AccountId {
  assert(bytes.length === ACCOUNT_ID_SIZE_BYTES, "an account id has 20 bytes");
  return toBase32(bytes) as AccountId;
}

export function accountIdToBytes(id: AccountId): Bytes {
  const bytes = fromBase32(id);
  assert(bytes?.length === ACCOUNT_ID_SIZE_BYTES, "malformed account id");
  return bytes;
}

/** Parses an account id that came from outside. */
export function parseAccountId(text: string): AccountId | undefined {
  return fromBase32(text)?.length === ACCOUNT_ID_SIZE_BYTES ? (text as AccountId) : undefined;
}

/** Parses a device number that came from outside. */
export function parseDeviceNumber(value: number): DeviceNumber | undefined {
  return Number.isInteger(value) && value >= 1 && value <= 0xffff_ffff ? (value as DeviceNumber) : undefined;
}

export const formatAddress = (address: DeviceAddress): string => `${address.account}/${address.device}`;
export const sameAddress = (a: DeviceAddress, b: DeviceAddress): boolean => a.account === b.account && a.device === b.device;

export const conversationWith = (account: AccountId): ConversationId => `a:${account}` as ConversationId;

/** The account behind a one-to-one conversation; `undefined` for groups and imported chats. */
export function accountOfConversation(id: ConversationId): AccountId | undefined {
  return id.startsWith("a:") ? parseAccountId(id.slice(2)) : undefined;
}

/** A new UUIDv7: 48 bits of Unix milliseconds, then random bits. Its text sorts by time. */
export function newMessageId(nowMs: number, random: Random): MessageId {
  const bytes = random.bytes(MESSAGE_ID_SIZE_BYTES);
  let time = Math.max(0, Math.floor(nowMs));
  for (let i = 5; i >= 0; i--) {
    bytes[i] = time % 256;
    time = Math.floor(time / 256);
  }
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return messageIdFromBytes(bytes);
}

export function messageIdFromBytes(bytes: Bytes): MessageId {
  assert(bytes.length === MESSAGE_ID_SIZE_BYTES, "a message id has 16 bytes");
  const hex = toHex(bytes);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as MessageId;
}

export function messageIdToBytes(id: MessageId): Bytes {
  const bytes = fromHex(id.replaceAll("-", ""));
  assert(bytes?.length === MESSAGE_ID_SIZE_BYTES, "malformed message id");
  return bytes;
}

/** Parses a message id that came from outside (any UUID is accepted, only its form is checked). */
export function parseMessageId(text: string): MessageId | undefined {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text) ? (text as MessageId) : undefined;
}

/** Milliseconds since 1970 inside a UUIDv7. */
export function messageIdTimeMs(id: MessageId): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
