/**
 * What devices say to one another: building, padding, reading. Invariants: the stored form has neither list views nor padding; both
 * are appended when it is sealed (joining two serialized protobuf messages merges them), so a resend is padded and bound anew. A padded
 * content is exactly as long as one of `PADDING_STEPS` or a multiple of the last. docs/PROTOCOL.md, "Content".
 */
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  ACCOUNT_ID_SIZE_BYTES,
  type AccountId,
  accountIdFromBytes,
  accountIdToBytes,
  type Bytes,
  concat,
  type DeviceAddress,
  equalBytes,
  MESSAGE_ID_SIZE_BYTES,
  type MessageId,
  messageIdFromBytes,
  messageIdToBytes,
} from "@hawser/base";
import type { VerifiedDeviceList } from "@hawser/crypto";
import { type Content, ContentSchema, PADDING_STEPS } from "@hawser/wire";
import { MAX_TIME_MS } from "../bounds.ts";

export type ContentBody = NonNullable<MessageInitShape<typeof ContentSchema>["body"]>;

export interface ContentHead {
  readonly sender: DeviceAddress;
  /** The account at the other end; `undefined` between own devices. */
  readonly conversation: AccountId | undefined;
  readonly messageId: MessageId;
  readonly sentAtMs: number;
}

export function encodeContent(head: ContentHead, body: ContentBody): Bytes {
  const content = create(ContentSchema, {
    senderAccount: accountIdToBytes(head.sender.account),
    senderDevice: head.sender.device,
    conversationAccount: head.conversation === undefined ? new Uint8Array(0) : accountIdToBytes(head.conversation),
    messageId: messageIdToBytes(head.messageId),
    sentAtMs: BigInt(Math.floor(head.sentAtMs)),
    body,
  });
  return toBinary(ContentSchema, content);
}

/** Adds the sender's view of both lists and the padding. */
export function finishContent(content: Bytes, own: VerifiedDeviceList, conversation: VerifiedDeviceList | undefined): Bytes {
  const views = create(ContentSchema, {
    senderList: { number: BigInt(own.number), hash: own.hash },
    ...(conversation === undefined ? {} : { conversationList: { number: BigInt(conversation.number), hash: conversation.hash } }),
  });
  return pad(concat(content, toBinary(ContentSchema, views)));
}

/** Field 100, length-delimited, then a length that always takes four bytes. */
const PADDING_TAG = [0xa2, 0x06] as const;
const PADDING_HEAD_BYTES = 6;

export function paddedSize(sizeBytes: number): number {
  const least = sizeBytes + PADDING_HEAD_BYTES;
  const step = PADDING_STEPS.find((candidate) => candidate >= least);
  const last = PADDING_STEPS[PADDING_STEPS.length - 1]!;
  return step ?? Math.ceil(least / last) * last;
}

function pad(bytes: Bytes): Bytes {
  const out = new Uint8Array(paddedSize(bytes.length));
  const zeros = out.length - bytes.length - PADDING_HEAD_BYTES;
  out.set(bytes);
  const continued = (shift: number): number => ((zeros >> shift) & 0x7f) | 0x80;
  out.set([...PADDING_TAG, continued(0), continued(7), continued(14), (zeros >> 21) & 0x7f], bytes.length);
  return out;
}

export interface ReadContent {
  readonly content: Content;
  readonly messageId: MessageId;
  readonly sentAtMs: number;
  /** The account of the conversation as this device sees it; `undefined` between own devices. */
  readonly conversation: AccountId | undefined;
}

/** Parses a content and checks its head against who delivered it; `undefined` when malformed or passed off as someone else's. */
export function readContent(bytes: Bytes, sender: DeviceAddress, self: AccountId): ReadContent | undefined {
  let content: Content;
  try {
    content = fromBinary(ContentSchema, bytes);
  } catch {
    return undefined;
  }
  if (!equalBytes(content.senderAccount, accountIdToBytes(sender.account)) || content.senderDevice !== sender.device) return undefined;
  if (content.messageId.length !== MESSAGE_ID_SIZE_BYTES) return undefined;
  const named = parseAccountBytes(content.conversationAccount);
  if (named === undefined && content.conversationAccount.length !== 0) return undefined;
  const own = sender.account === self;
  // From others the conversation is this account itself, and they are its other end.
  if (own ? named === self : named !== self) return undefined;
  const sentAtMs = Math.min(Number(content.sentAtMs), MAX_TIME_MS);
  if (sentAtMs < 0) return undefined;
  return { content, messageId: messageIdFromBytes(content.messageId), sentAtMs, conversation: own ? named : sender.account };
}

/** 20 bytes from outside as an account id; `undefined` for anything else. */
export function parseAccountBytes(bytes: Bytes): AccountId | undefined {
  return bytes.length === ACCOUNT_ID_SIZE_BYTES ? accountIdFromBytes(bytes) : undefined;
}
