/**
 * Messages: exactly one row for a message id, whatever arrives twice. Invariant: `order_key` never changes once given, is unique
 * over all conversations, and lies within `MAX_ORDER_SHIFT_MS` of the time it was asked for. docs/ARCHITECTURE.md, "The client's store".
 */
import { assert, type Bytes, type MessageId, messageIdToBytes, type SqlDatabase, type SqlValue } from "@hawser/base";
import type { DeliveryStatus, MessageView } from "../api.ts";
import { ORDER_STEPS_PER_MS } from "../bounds.ts";
import {
  type AttachmentRow,
  KIND_CODES,
  type MessageRow,
  SELECT_MESSAGES,
  STATUS_CODES,
  toAttachmentView,
  toMessageView,
} from "./message-rows.ts";

export interface NewAttachment {
  readonly blob: string | undefined;
  readonly key: Bytes | undefined;
  readonly sizeBytes: number;
  readonly mediaType: string;
  readonly fileName: string;
  readonly width: number;
  readonly height: number;
  readonly thumbnail: Bytes | undefined;
  /** Where the plaintext stands in this device's blobs; `undefined` when it has to be fetched. */
  readonly localId: string | undefined;
}

export interface NewMessage {
  readonly id: MessageId;
  /** Row of the conversation. */
  readonly conversation: number;
  readonly sentAtMs: number;
  /** Where in time it stands, bounded by whoever calls; the final key is the first free one from here on. */
  readonly orderFrom: number;
  readonly outgoing: boolean;
  readonly senderAccount: string | undefined;
  readonly senderName: string;
  readonly kind: MessageView["kind"];
  readonly status: DeliveryStatus;
  readonly text: string;
  readonly quoted: MessageId | undefined;
  readonly attachments: readonly NewAttachment[];
  /** Of a line that the program itself writes: which one, in place of a text. */
  readonly notice?: string;
}

export interface MessageStore {
  /** Stores it unless its id is there already; the order key, or `undefined` for a duplicate. Call inside a transaction. */
  insert(message: NewMessage): number | undefined;
  has(id: MessageId): boolean;
  find(id: MessageId): MessageView | undefined;
  row(id: MessageId):
    | {
        readonly order: number;
        readonly conversation: number;
        readonly kind: MessageView["kind"];
        readonly outgoing: boolean;
        readonly status: DeliveryStatus;
      }
    | undefined;
  /** Those at the positions given, by position, in one query: a list costs one statement and not one a row. */
  at(orders: readonly number[]): ReadonlyMap<number, MessageView>;
  /** Newest first, strictly older than `beforeOrder`. */
  before(conversation: number, beforeOrder: number, limit: number): MessageView[];
  /** Oldest first, strictly newer than `afterOrder`. */
  after(conversation: number, afterOrder: number, limit: number): MessageView[];
  /** Raises a status; a sent message never falls back, `failed` and `queued` may follow one another. Says whether it changed. */
  raiseStatus(id: MessageId, status: DeliveryStatus): boolean;
  /** Puts what was meant in the place of an undecryptable line of the same conversation; its position stays. */
  replacePlaceholder(message: Omit<NewMessage, "orderFrom">): boolean;
  attachment(id: MessageId, index: number): AttachmentRow | undefined;
  attachmentsOf(order: number): AttachmentRow[];
  /** Where the bytes can be fetched from, as an own device says. */
  setSource(order: number, index: number, source: { readonly blob: string; readonly key: Bytes; readonly sizeBytes: number }): void;
  /** Thumbnails that an earlier copy of the message came without. */
  fillThumbnails(id: MessageId, attachments: readonly NewAttachment[]): void;
  setLocal(order: number, index: number, localId: string): void;
  delete(id: MessageId): void;
  lastOrder(conversation: number): number;
  /** Where the newest message of all conversations stands in time; 0 without any. */
  newestMs(): number;
}

export function openMessages(database: SqlDatabase): MessageStore {
  const views = (rows: readonly MessageRow[]): MessageView[] => {
    const attached = rows.filter((row) => row.attachment_count > 0);
    if (attached.length === 0) return rows.map((row) => toMessageView(row, []));
    return rows.map((row) => toMessageView(row, row.attachment_count === 0 ? [] : attachmentsOf(row.order_key).map(toAttachmentView)));
  };
  const attachmentsOf = (order: number): AttachmentRow[] =>
    database.prepare("SELECT * FROM attachments WHERE message = ? ORDER BY idx").all<AttachmentRow>(order);
  const orderOfBytes = (id: Bytes): number | undefined =>
    database.prepare("SELECT order_key FROM messages WHERE id = ?").get<{ order_key: number }>(id)?.order_key;
  const orderOf = (id: MessageId): number | undefined => orderOfBytes(messageIdToBytes(id));

  return {
    insert(message) {
      assert(database.inTransaction, "messages are stored inside a transaction");
      const id = messageIdToBytes(message.id);
      if (orderOfBytes(id) !== undefined) return undefined;
      const order = freeOrder(database, message.orderFrom);
      database
        .prepare(
          `INSERT INTO messages (order_key, id, conversation, sent_at_ms, outgoing, sender_account, sender_name, kind, status, text, quoted, attachment_count, notice)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(order, id, message.conversation, message.sentAtMs, message.outgoing ? 1 : 0, ...contentColumns(message));
      insertAttachments(database, order, message.attachments);
      return order;
    },
    has: (id) => orderOf(id) !== undefined,
    find(id) {
      return views(database.prepare(`${SELECT_MESSAGES} WHERE m.id = ?`).all<MessageRow>(messageIdToBytes(id)))[0];
    },
    row(id) {
      const row = database
        .prepare("SELECT order_key, conversation, kind, outgoing, status FROM messages WHERE id = ?")
        .get<{ order_key: number; conversation: number; kind: number; outgoing: number; status: number }>(messageIdToBytes(id));
      if (row === undefined) return undefined;
      const kind = (Object.keys(KIND_CODES) as MessageView["kind"][])[row.kind] ?? "text";
      const status = (Object.keys(STATUS_CODES) as DeliveryStatus[])[row.status] ?? "received";
      return { order: row.order_key, conversation: row.conversation, kind, outgoing: row.outgoing === 1, status };
    },
    at(orders) {
      if (orders.length === 0) return new Map();
      const rows = database
        .prepare(`${SELECT_MESSAGES} WHERE m.order_key IN (SELECT value FROM json_each(?))`)
        .all<MessageRow>(JSON.stringify(orders));
      return new Map(views(rows).map((view) => [view.order, view]));
    },
    before(conversation, beforeOrder, limit) {
      return views(
        database
          .prepare(`${SELECT_MESSAGES} WHERE m.conversation = ? AND m.order_key < ? ORDER BY m.order_key DESC LIMIT ?`)
          .all<MessageRow>(conversation, beforeOrder, limit),
      );
    },
    after(conversation, afterOrder, limit) {
      return views(
        database
          .prepare(`${SELECT_MESSAGES} WHERE m.conversation = ? AND m.order_key > ? ORDER BY m.order_key LIMIT ?`)
          .all<MessageRow>(conversation, afterOrder, limit),
      );
    },
    raiseStatus(id, status) {
      const below =
        status === "queued" || status === "failed"
          ? `status IN (${STATUS_CODES.queued}, ${STATUS_CODES.failed})`
          : `(status < ? OR status = ${STATUS_CODES.failed})`;
      const parameters: SqlValue[] = status === "queued" || status === "failed" ? [] : [STATUS_CODES[status]];
      const statement = database.prepare(`UPDATE messages SET status = ? WHERE id = ? AND outgoing = 1 AND ${below}`);
      return statement.run(STATUS_CODES[status], messageIdToBytes(id), ...parameters).changes > 0;
    },
    replacePlaceholder(message) {
      const order = orderOf(message.id);
      if (order === undefined) return false;
      const { changes } = database
        .prepare(
          `UPDATE messages SET sent_at_ms = ?, outgoing = ?, sender_account = ?, sender_name = ?, kind = ?, status = ?, text = ?, quoted = ?, attachment_count = ?, notice = ?
           WHERE order_key = ? AND conversation = ? AND kind = ${KIND_CODES.undecryptable}`,
        )
        .run(message.sentAtMs, message.outgoing ? 1 : 0, ...contentColumns(message), order, message.conversation);
      if (changes > 0) insertAttachments(database, order, message.attachments);
      return changes > 0;
    },
    attachment(id, index) {
      const order = orderOf(id);
      if (order === undefined) return undefined;
      return database.prepare("SELECT * FROM attachments WHERE message = ? AND idx = ?").get<AttachmentRow>(order, index);
    },
    attachmentsOf,
    setSource(order, index, { blob, key, sizeBytes }) {
      database
        .prepare("UPDATE attachments SET blob = ?, key = ?, size_bytes = ? WHERE message = ? AND idx = ?")
        .run(blob, key, sizeBytes, order, index);
    },
    fillThumbnails(id, attachments) {
      const order = orderOf(id);
      if (order === undefined) return;
      const fill = database.prepare(
        "UPDATE attachments SET thumbnail = ? WHERE message = ? AND idx = ? AND thumbnail IS NULL AND blob IS ?",
      );
      for (const [index, { thumbnail, blob }] of attachments.entries())
        if (thumbnail !== undefined) fill.run(thumbnail, order, index, blob ?? null);
    },
    setLocal(order, index, localId) {
      database.prepare("UPDATE attachments SET local_id = ? WHERE message = ? AND idx = ?").run(localId, order, index);
    },
    delete(id) {
      const order = orderOf(id);
      if (order === undefined) return;
      database.prepare("DELETE FROM attachments WHERE message = ?").run(order);
      database.prepare("DELETE FROM messages WHERE order_key = ?").run(order);
    },
    lastOrder(conversation) {
      return (
        database.prepare("SELECT max(order_key) AS last FROM messages WHERE conversation = ?").get<{ last: number | null }>(conversation)
          ?.last ?? 0
      );
    },
    newestMs() {
      const newest = database.prepare("SELECT max(order_key) AS last FROM messages").get<{ last: number | null }>();
      return Math.floor((newest?.last ?? 0) / ORDER_STEPS_PER_MS);
    },
  };
}

function contentColumns(message: Omit<NewMessage, "orderFrom" | "conversation">): SqlValue[] {
  return [
    message.senderAccount ?? null,
    message.senderName,
    KIND_CODES[message.kind],
    STATUS_CODES[message.status],
    message.text,
    message.quoted === undefined ? null : messageIdToBytes(message.quoted),
    message.attachments.length,
    message.notice ?? "",
  ];
}

function insertAttachments(database: SqlDatabase, order: number, attachments: readonly NewAttachment[]): void {
  const statement = database.prepare(
    `INSERT INTO attachments (message, idx, blob, key, size_bytes, media_type, file_name, width, height, thumbnail, local_id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  for (const [index, a] of attachments.entries()) {
    statement.run(
      order,
      index,
      a.blob ?? null,
      a.key ?? null,
      a.sizeBytes,
      a.mediaType,
      a.fileName,
      a.width,
      a.height,
      a.thumbnail ?? null,
      a.localId ?? null,
    );
  }
}

/**
 * `from` itself when it is free. Otherwise after the last key used in its millisecond, and in the next one when that is full. A
 * thousand messages fit into each, so this ends at once in practice.
 */
function freeOrder(database: SqlDatabase, from: number): number {
  assert(Number.isSafeInteger(from) && from > 0, "an order key is a positive integer");
  if (database.prepare("SELECT 1 AS taken FROM messages WHERE order_key = ?").get(from) === undefined) return from;
  let candidate = from;
  for (;;) {
    const end = candidate - (candidate % ORDER_STEPS_PER_MS) + ORDER_STEPS_PER_MS;
    const last = database
      .prepare("SELECT max(order_key) AS last FROM messages WHERE order_key >= ? AND order_key < ?")
      .get<{ last: number | null }>(candidate, end)?.last;
    if (last === null || last === undefined) return candidate;
    if (last + 1 < end) return last + 1;
    candidate = end;
  }
}
