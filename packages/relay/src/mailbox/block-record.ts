/**
 * The layout of one record in a block: a message once, then its copies' addresses and capsules. Invariant: a record is
 * self-contained, so a block can be read again after a restart with nothing but its bytes.
 *
 * u32 size · u32 offset of the body part · head{ u64 time · 20 sender · u32 sender device · 16 message id } · u16 copies ·
 * copies{ u32 start of the record in its block · 20 account · u32 device · u64 sequence · u16 length · capsule } ·
 * body part{ u32 length · body }. Big endian. `head`, `capsule` with its length and the body part stand as a delivery has
 * them, so that delivering is three copies of memory.
 */
import { ACCOUNT_ID_SIZE_BYTES, type Bytes, MESSAGE_ID_SIZE_BYTES } from "@hawser/base";

export const RECORD_HEAD_AT = 8;
/** time, sender account, sender device, message id. */
export const DELIVERY_HEAD_BYTES = 8 + ACCOUNT_ID_SIZE_BYTES + 4 + MESSAGE_ID_SIZE_BYTES;
const SENDER_AT = RECORD_HEAD_AT + 8;
/** Where a record's message id begins. */
export const MESSAGE_ID_AT = SENDER_AT + ACCOUNT_ID_SIZE_BYTES + 4;
const COPY_COUNT_AT = RECORD_HEAD_AT + DELIVERY_HEAD_BYTES;
const FIRST_COPY_AT = COPY_COUNT_AT + 2;
const COPY_ACCOUNT_AT = 4;
const COPY_DEVICE_AT = COPY_ACCOUNT_AT + ACCOUNT_ID_SIZE_BYTES;
const COPY_SEQUENCE_AT = COPY_DEVICE_AT + 4;
/** Where a copy's capsule begins, with its length in front. */
export const COPY_CAPSULE_AT = COPY_SEQUENCE_AT + 8;
export const COPY_HEAD_BYTES = COPY_CAPSULE_AT + 2;
/** sender account, sender device, message id: what makes a message the same one again. */
export const SENT_KEY_BYTES = ACCOUNT_ID_SIZE_BYTES + 4 + MESSAGE_ID_SIZE_BYTES;
export const RECORD_FIXED_BYTES = FIRST_COPY_AT + 4;

const TWO_32 = 0x1_0000_0000;

export function writeU16(bytes: Bytes, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}
export function writeU32(bytes: Bytes, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
export function writeU64(bytes: Bytes, at: number, value: number): void {
  writeU32(bytes, at, Math.floor(value / TWO_32));
  writeU32(bytes, at + 4, value % TWO_32);
}
export const readU16 = (bytes: Bytes, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;
export const readU32 = (bytes: Bytes, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
export const readU64 = (bytes: Bytes, at: number): number => readU32(bytes, at) * TWO_32 + readU32(bytes, at + 4);

/** Starts a record at `at`; returns where its first copy goes. */
export function beginRecord(
  block: Bytes,
  at: number,
  nowMs: number,
  sender: { readonly accountBytes: Bytes; readonly device: number },
  messageId: Bytes,
  copies: number,
): number {
  writeU64(block, at + RECORD_HEAD_AT, nowMs);
  block.set(sender.accountBytes, at + SENDER_AT);
  writeU32(block, at + SENDER_AT + ACCOUNT_ID_SIZE_BYTES, sender.device);
  block.set(messageId, at + MESSAGE_ID_AT);
  writeU16(block, at + COPY_COUNT_AT, copies);
  return at + FIRST_COPY_AT;
}

/** Writes one copy at `at`; returns where the next one goes. */
export function writeCopy(
  block: Bytes,
  at: number,
  recordAt: number,
  account: Bytes,
  device: number,
  sequence: number,
  capsule: Bytes,
): number {
  writeU32(block, at, recordAt);
  block.set(account, at + COPY_ACCOUNT_AT);
  writeU32(block, at + COPY_DEVICE_AT, device);
  writeU64(block, at + COPY_SEQUENCE_AT, sequence);
  writeU16(block, at + COPY_CAPSULE_AT, capsule.length);
  block.set(capsule, at + COPY_HEAD_BYTES);
  return at + COPY_HEAD_BYTES + capsule.length;
}

/** Ends the record begun at `recordAt`; returns where the next record goes. */
export function endRecord(block: Bytes, recordAt: number, at: number, body: Bytes): number {
  writeU32(block, recordAt + 4, at - recordAt);
  writeU32(block, at, body.length);
  block.set(body, at + 4);
  const end = at + 4 + body.length;
  writeU32(block, recordAt, end - recordAt);
  return end;
}

/** Takes one copy of a message. The bytes are only valid during the call. */
export interface CopySink {
  /**
   * `head` are DELIVERY_HEAD_BYTES at `headAt` of `source`; the capsule with its length and the body with its length follow
   * at `capsuleAt` and `bodyAt`. Returns false when it has no room for more: that copy then counts as not taken.
   */
  add(sequence: number, source: Bytes, headAt: number, capsuleAt: number, bodyAt: number): boolean;
}

/** Hands the copy at `copyAt` of a block to a sink. */
export function readCopy(block: Bytes, copyAt: number, sequence: number, sink: CopySink): boolean {
  const recordAt = readU32(block, copyAt);
  return sink.add(sequence, block, recordAt + RECORD_HEAD_AT, copyAt + COPY_CAPSULE_AT, recordAt + readU32(block, recordAt + 4));
}

/** One copy as the cold table keeps it: head, capsule with length, body with length. */
export function extractCopy(block: Bytes, copyAt: number): Bytes {
  const recordAt = readU32(block, copyAt);
  const capsuleAt = copyAt + COPY_CAPSULE_AT;
  const capsuleEnd = capsuleAt + 2 + readU16(block, capsuleAt);
  const bodyAt = recordAt + readU32(block, recordAt + 4);
  const bodyEnd = bodyAt + 4 + readU32(block, bodyAt);
  const out = new Uint8Array(DELIVERY_HEAD_BYTES + (capsuleEnd - capsuleAt) + (bodyEnd - bodyAt));
  out.set(block.subarray(recordAt + RECORD_HEAD_AT, recordAt + RECORD_HEAD_AT + DELIVERY_HEAD_BYTES), 0);
  out.set(block.subarray(capsuleAt, capsuleEnd), DELIVERY_HEAD_BYTES);
  out.set(block.subarray(bodyAt, bodyEnd), DELIVERY_HEAD_BYTES + capsuleEnd - capsuleAt);
  return out;
}

/** Hands a copy from the cold table to a sink. */
export function readColdCopy(cold: Bytes, sequence: number, sink: CopySink): boolean {
  return sink.add(sequence, cold, 0, DELIVERY_HEAD_BYTES, DELIVERY_HEAD_BYTES + 2 + readU16(cold, DELIVERY_HEAD_BYTES));
}

export interface CopyInBlock {
  readonly copyAt: number;
  readonly account: Bytes;
  readonly device: number;
  readonly sequence: number;
  /** What the copy counts against its mailbox. */
  readonly sizeBytes: number;
  readonly storedAtMs: number;
}

/** Walks all copies of a block, in the order in which they were appended. */
export function* copiesOf(block: Bytes): Generator<CopyInBlock> {
  for (let recordAt = 0; recordAt < block.length; recordAt += readU32(block, recordAt)) {
    const copies = readU16(block, recordAt + COPY_COUNT_AT);
    const bodyPartBytes = readU32(block, recordAt) - readU32(block, recordAt + 4);
    const storedAtMs = readU64(block, recordAt + RECORD_HEAD_AT);
    let copyAt = recordAt + FIRST_COPY_AT;
    for (let i = 0; i < copies; i++) {
      const capsuleBytes = 2 + readU16(block, copyAt + COPY_CAPSULE_AT);
      yield {
        copyAt,
        account: block.subarray(copyAt + COPY_ACCOUNT_AT, copyAt + COPY_DEVICE_AT),
        device: readU32(block, copyAt + COPY_DEVICE_AT),
        sequence: readU64(block, copyAt + COPY_SEQUENCE_AT),
        sizeBytes: DELIVERY_HEAD_BYTES + capsuleBytes + bodyPartBytes,
        storedAtMs,
      };
      copyAt += COPY_CAPSULE_AT + capsuleBytes;
    }
  }
}

/** The sender and id of every record of a block, SENT_KEY_BYTES each. */
export function sentKeysOf(block: Bytes): Bytes {
  let count = 0;
  for (let at = 0; at < block.length; at += readU32(block, at)) count++;
  const out = new Uint8Array(count * SENT_KEY_BYTES);
  let to = 0;
  for (let at = 0; at < block.length; at += readU32(block, at)) {
    out.set(block.subarray(at + SENDER_AT, at + SENDER_AT + SENT_KEY_BYTES), to);
    to += SENT_KEY_BYTES;
  }
  return out;
}
