/**
 * The few frames that every message crosses, written by hand because protobuf takes ten times as long.
 * docs/PROTOCOL.md, "Hot frames"; `proto/hawser/v1/hot.proto` says the same as a schema, and both are fuzzed against
 * each other. Invariant: a frame that is accepted encodes again to the same bytes.
 *
 * Ownership: decoded byte fields are views into the frame. Whoever keeps one longer than the frame copies it.
 */
import { ACCOUNT_ID_SIZE_BYTES, assert, type Bytes, err, MESSAGE_ID_SIZE_BYTES, ok, type Result } from "@hawser/base";
import { FRAME_TYPES, type FrameError } from "./frame-error.ts";
import { HotReader } from "./hot-reader.ts";
import { HotWriter } from "./hot-writer.ts";
import { MAX_BODY_BYTES, MAX_CAPSULE_BYTES, MAX_CAPSULES_PER_TARGET, MAX_FRAME_BYTES, MAX_TARGETS_PER_SEND } from "./limits.ts";

/** How many leading bytes of SHA-256(list payload) a SEND carries. */
export const LIST_HASH_PREFIX_BYTES = 8;

export interface Capsule {
  readonly device: number;
  readonly bytes: Bytes;
}

/** One account a message goes to, and the sender's view of that account's device list. */
export interface SendTarget {
  /** 20 bytes. */
  readonly account: Bytes;
  readonly listNumber: number;
  /** 8 bytes. */
  readonly listHashPrefix: Bytes;
  readonly capsules: readonly Capsule[];
}

export interface SendFrame {
  /** Chosen by the client, echoed in the acknowledgement. */
  readonly request: number;
  /** 16 bytes. */
  readonly messageId: Bytes;
  readonly targets: readonly SendTarget[];
  readonly body: Bytes;
}

export interface Delivery {
  readonly sequence: number;
  readonly serverTimeMs: number;
  /** 20 bytes. */
  readonly senderAccount: Bytes;
  readonly senderDevice: number;
  /** 16 bytes. */
  readonly messageId: Bytes;
  readonly capsule: Bytes;
  readonly body: Bytes;
}

/** The acknowledgements and deliveries of one flush. */
export interface BatchFrame {
  readonly acks: readonly number[];
  readonly deliveries: readonly Delivery[];
}

/** Sizes of the fixed parts. Part of the recorded layout hash: changing one is a protocol decision. */
export const HOT_LAYOUT = {
  /** type, request, message id, target count. */
  sendHeadBytes: 1 + 4 + MESSAGE_ID_SIZE_BYTES + 1,
  /** account, list number, hash prefix, capsule count. */
  targetHeadBytes: ACCOUNT_ID_SIZE_BYTES + 4 + LIST_HASH_PREFIX_BYTES + 1,
  /** device, length. */
  capsuleHeadBytes: 4 + 2,
  bodyLengthBytes: 4,
  /** type, sequence. */
  cursorBytes: 1 + 8,
  /** type, number of acknowledgements; the number of deliveries follows the acknowledgements. */
  batchHeadBytes: 1 + 2,
  ackBytes: 4,
  deliveryCountBytes: 2,
  /** sequence, server time, sender account, sender device, message id. */
  deliveryHeadBytes: 8 + 8 + ACCOUNT_ID_SIZE_BYTES + 4 + MESSAGE_ID_SIZE_BYTES,
  capsuleLengthBytes: 2,
} as const;

const MAX_BATCH_ITEMS = 0xffff;

export function encodeSend(frame: SendFrame): Bytes {
  assert(frame.messageId.length === MESSAGE_ID_SIZE_BYTES, "a message id has 16 bytes");
  assert(frame.targets.length >= 1 && frame.targets.length <= MAX_TARGETS_PER_SEND, "SEND has 1 to 64 targets");
  assert(frame.body.length <= MAX_BODY_BYTES, "a body is too large");
  let size = HOT_LAYOUT.sendHeadBytes + HOT_LAYOUT.bodyLengthBytes + frame.body.length;
  for (const target of frame.targets) {
    size += HOT_LAYOUT.targetHeadBytes;
    for (const capsule of target.capsules) size += HOT_LAYOUT.capsuleHeadBytes + capsule.bytes.length;
  }
  assert(size <= MAX_FRAME_BYTES, "a SEND frame is too large");
  const out = new HotWriter(size);
  out.u8(FRAME_TYPES.send);
  out.u32(frame.request);
  out.raw(frame.messageId);
  out.u8(frame.targets.length);
  for (const target of frame.targets) writeTarget(out, target);
  out.u32(frame.body.length);
  out.raw(frame.body);
  return out.finish();
}

function writeTarget(out: HotWriter, target: SendTarget): void {
  assert(target.account.length === ACCOUNT_ID_SIZE_BYTES, "an account id has 20 bytes");
  assert(target.listHashPrefix.length === LIST_HASH_PREFIX_BYTES, "a list hash prefix has 8 bytes");
  assert(target.capsules.length <= MAX_CAPSULES_PER_TARGET, "too many capsules for one target");
  out.raw(target.account);
  out.u32(target.listNumber);
  out.raw(target.listHashPrefix);
  out.u8(target.capsules.length);
  for (const capsule of target.capsules) {
    assert(capsule.device >= 1, "device numbers begin at 1");
    assert(capsule.bytes.length <= MAX_CAPSULE_BYTES, "a capsule is too large");
    out.u32(capsule.device);
    out.u16(capsule.bytes.length);
    out.raw(capsule.bytes);
  }
}

export function decodeSend(bytes: Bytes): Result<SendFrame, FrameError> {
  const refused = checkStart(bytes, FRAME_TYPES.send);
  if (refused !== undefined) return err(refused);
  const reader = new HotReader(bytes, 1);
  const request = reader.u32();
  const messageId = reader.view(MESSAGE_ID_SIZE_BYTES);
  const targetCountAt = reader.offset;
  const targetCount = reader.u8();
  if (targetCount < 1) reader.fail("malformed", targetCountAt);
  if (targetCount > MAX_TARGETS_PER_SEND) reader.fail("limit", targetCountAt);
  const targets: SendTarget[] = [];
  for (let i = 0; i < targetCount && reader.failure === undefined; i++) targets.push(readTarget(reader));
  const body = readBody(reader);
  const failure = reader.finish();
  return failure === undefined ? ok({ request, messageId, targets, body }) : err(failure);
}

function readTarget(reader: HotReader): SendTarget {
  const account = reader.view(ACCOUNT_ID_SIZE_BYTES);
  const listNumber = reader.u32();
  const listHashPrefix = reader.view(LIST_HASH_PREFIX_BYTES);
  const countAt = reader.offset;
  const count = reader.u8();
  if (count > MAX_CAPSULES_PER_TARGET) reader.fail("limit", countAt);
  const capsules: Capsule[] = [];
  for (let i = 0; i < count && reader.failure === undefined; i++) {
    const deviceAt = reader.offset;
    const device = reader.u32();
    if (device === 0) reader.fail("malformed", deviceAt);
    capsules.push({ device, bytes: readCapsule(reader) });
  }
  return { account, listNumber, listHashPrefix, capsules };
}

function readCapsule(reader: HotReader): Bytes {
  const lengthAt = reader.offset;
  const length = reader.u16();
  if (length > MAX_CAPSULE_BYTES) reader.fail("too-large", lengthAt);
  return reader.view(length);
}

function readBody(reader: HotReader): Bytes {
  const lengthAt = reader.offset;
  const length = reader.u32();
  if (length > MAX_BODY_BYTES) reader.fail("too-large", lengthAt);
  return reader.view(length);
}

/** `sequence`: everything up to it is committed by the device; the server may forget it. */
export function encodeCursor(sequence: number): Bytes {
  const out = new HotWriter(HOT_LAYOUT.cursorBytes);
  out.u8(FRAME_TYPES.cursor);
  out.u64(sequence);
  return out.finish();
}

export function decodeCursor(bytes: Bytes): Result<number, FrameError> {
  const refused = checkStart(bytes, FRAME_TYPES.cursor);
  if (refused !== undefined) return err(refused);
  const reader = new HotReader(bytes, 1);
  const sequence = reader.u64();
  const failure = reader.finish();
  return failure === undefined ? ok(sequence) : err(failure);
}

export function encodeBatch(frame: BatchFrame): Bytes {
  assert(frame.acks.length <= MAX_BATCH_ITEMS && frame.deliveries.length <= MAX_BATCH_ITEMS, "a batch has too many items");
  let size = HOT_LAYOUT.batchHeadBytes + frame.acks.length * HOT_LAYOUT.ackBytes + HOT_LAYOUT.deliveryCountBytes;
  const fixed = HOT_LAYOUT.deliveryHeadBytes + HOT_LAYOUT.capsuleLengthBytes + HOT_LAYOUT.bodyLengthBytes;
  for (const delivery of frame.deliveries) size += fixed + delivery.capsule.length + delivery.body.length;
  assert(size <= MAX_FRAME_BYTES, "a BATCH frame is too large");
  const out = new HotWriter(size);
  out.u8(FRAME_TYPES.batch);
  out.u16(frame.acks.length);
  for (const request of frame.acks) out.u32(request);
  out.u16(frame.deliveries.length);
  for (const delivery of frame.deliveries) writeDelivery(out, delivery);
  return out.finish();
}

function writeDelivery(out: HotWriter, delivery: Delivery): void {
  assert(delivery.senderAccount.length === ACCOUNT_ID_SIZE_BYTES, "an account id has 20 bytes");
  assert(delivery.messageId.length === MESSAGE_ID_SIZE_BYTES, "a message id has 16 bytes");
  assert(delivery.capsule.length <= MAX_CAPSULE_BYTES, "a capsule is too large");
  assert(delivery.body.length <= MAX_BODY_BYTES, "a body is too large");
  out.u64(delivery.sequence);
  out.u64(delivery.serverTimeMs);
  out.raw(delivery.senderAccount);
  out.u32(delivery.senderDevice);
  out.raw(delivery.messageId);
  out.u16(delivery.capsule.length);
  out.raw(delivery.capsule);
  out.u32(delivery.body.length);
  out.raw(delivery.body);
}

export function decodeBatch(bytes: Bytes): Result<BatchFrame, FrameError> {
  const refused = checkStart(bytes, FRAME_TYPES.batch);
  if (refused !== undefined) return err(refused);
  const reader = new HotReader(bytes, 1);
  const acks: number[] = [];
  const ackCount = reader.u16();
  for (let i = 0; i < ackCount && reader.failure === undefined; i++) acks.push(reader.u32());
  const deliveries: Delivery[] = [];
  const deliveryCount = reader.u16();
  for (let i = 0; i < deliveryCount && reader.failure === undefined; i++) deliveries.push(readDelivery(reader));
  const failure = reader.finish();
  return failure === undefined ? ok({ acks, deliveries }) : err(failure);
}

function readDelivery(reader: HotReader): Delivery {
  const sequence = reader.u64();
  const serverTimeMs = reader.u64();
  const senderAccount = reader.view(ACCOUNT_ID_SIZE_BYTES);
  const senderDevice = reader.u32();
  const messageId = reader.view(MESSAGE_ID_SIZE_BYTES);
  const capsule = readCapsule(reader);
  return { sequence, serverTimeMs, senderAccount, senderDevice, messageId, capsule, body: readBody(reader) };
}

function checkStart(bytes: Bytes, type: number): FrameError | undefined {
  if (bytes.length === 0) return { kind: "truncated", offset: 0 };
  if (bytes.length > MAX_FRAME_BYTES) return { kind: "too-large", offset: MAX_FRAME_BYTES };
  return bytes[0] === type ? undefined : { kind: "unknown-type", offset: 0 };
}
