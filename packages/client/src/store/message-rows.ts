/** How a message stands in the store and how it becomes a `MessageView`. */
import { type BlobId, type ConversationId, fromBase32, type MessageId, messageIdFromBytes } from "@hawser/base";
import type { AttachmentView, DeliveryStatus, MessageNotice, MessageView } from "../api.ts";

/** Stored as numbers; append only. The order of the first four is the order in which a sent message rises. */
export const STATUS_CODES = { queued: 0, sent: 1, delivered: 2, read: 3, failed: 4, received: 5 } as const satisfies Record<
  DeliveryStatus,
  number
>;
export const KIND_CODES = { text: 0, system: 1, undecryptable: 2 } as const satisfies Record<MessageView["kind"], number>;

const STATUS_NAMES = Object.keys(STATUS_CODES) as DeliveryStatus[];
const KIND_NAMES = Object.keys(KIND_CODES) as MessageView["kind"][];

export interface MessageRow {
  readonly order_key: number;
  readonly id: Uint8Array;
  readonly conversation: number;
  readonly conversation_id: ConversationId;
  readonly sent_at_ms: number;
  readonly outgoing: number;
  readonly sender_account: string | null;
  readonly sender_name: string;
  readonly kind: number;
  readonly status: number;
  readonly text: string;
  readonly quoted: Uint8Array | null;
  readonly attachment_count: number;
  readonly contact_name: string | null;
  readonly notice: string;
  readonly quoted_text: string | null;
  readonly quoted_outgoing: number | null;
  readonly quoted_sender_name: string | null;
  readonly quoted_contact_name: string | null;
}

/** A person's name as shown: what the owner calls them, what they call themselves, their handle. */
export const nameSql = (contacts: string): string =>
  `coalesce(nullif(${contacts}.name, ''), nullif(${contacts}.profile_name, ''), nullif(${contacts}.handle, ''))`;

/** Selects `MessageRow`s from messages `m`; WHERE, ORDER BY and LIMIT are added by the caller. */
export const SELECT_MESSAGES = `
SELECT m.order_key, m.id, m.conversation, v.id AS conversation_id, m.sent_at_ms, m.outgoing, m.sender_account, m.sender_name, m.kind, m.status,
  m.text, m.quoted, m.attachment_count, m.notice, ${nameSql("c")} AS contact_name,
  q.text AS quoted_text, q.outgoing AS quoted_outgoing, q.sender_name AS quoted_sender_name, ${nameSql("qc")} AS quoted_contact_name
FROM messages m
JOIN conversations v ON v.row = m.conversation
LEFT JOIN contacts c ON c.account = m.sender_account
LEFT JOIN messages q ON q.id = m.quoted
LEFT JOIN contacts qc ON qc.account = q.sender_account`;

export interface AttachmentRow {
  readonly message: number;
  readonly idx: number;
  readonly blob: string | null;
  readonly key: Uint8Array | null;
  readonly size_bytes: number;
  readonly media_type: string;
  readonly file_name: string;
  readonly width: number;
  readonly height: number;
  readonly thumbnail: Uint8Array | null;
  readonly local_id: string | null;
}

export function toAttachmentView(row: AttachmentRow): AttachmentView {
  return {
    index: row.idx,
    blob: (row.blob ?? undefined) as BlobId | undefined,
    mediaType: row.media_type,
    fileName: row.file_name,
    sizeBytes: row.size_bytes,
    width: row.width,
    height: row.height,
    thumbnail: row.thumbnail ?? undefined,
    local: row.local_id !== null,
  };
}

export function toMessageView(row: MessageRow, attachments: readonly AttachmentView[]): MessageView {
  return {
    id: messageIdFromBytes(row.id),
    conversation: row.conversation_id,
    outgoing: row.outgoing === 1,
    // Of an own message the screen says "you" in its own language.
    senderName: row.outgoing === 1 ? "" : senderName(row.sender_name, row.contact_name, row.sender_account),
    text: row.text,
    sentAtMs: row.sent_at_ms,
    order: row.order_key,
    status: STATUS_NAMES[row.status] ?? "received",
    kind: KIND_NAMES[row.kind] ?? "text",
    ...(isNotice(row.notice) ? { notice: row.notice } : {}),
    attachments,
    quoted: quotedView(row),
  };
}

const NOTICES: ReadonlySet<string> = new Set<MessageNotice>(["device-list-chosen"]);
const isNotice = (word: string): word is MessageNotice => NOTICES.has(word);

function quotedView(row: MessageRow): MessageView["quoted"] {
  if (row.quoted === null) return undefined;
  const id: MessageId = messageIdFromBytes(row.quoted);
  if (row.quoted_text === null) return { id, senderName: "", text: "" };
  return { id, senderName: senderName(row.quoted_sender_name ?? "", row.quoted_contact_name, null), text: row.quoted_text };
}

/** Letters of an account id that stand for a person whose name nobody has said yet. */
const SHORT_ID_LENGTH = 8;

export function senderName(written: string, contactName: string | null, account: string | null): string {
  if (written !== "") return written;
  if (contactName !== null) return contactName;
  return account === null || fromBase32(account) === undefined ? "" : account.slice(0, SHORT_ID_LENGTH);
}
