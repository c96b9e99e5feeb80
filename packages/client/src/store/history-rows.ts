/**
 * The message store as history sees it: pages of rows going out, chunks of rows coming in. Invariant: a chunk's rows and its
 * `committed` mark change in one transaction, and all rows of a chunk go in oldest first, across its conversations, because the
 * full-text index writes one segment for ascending keys and one at every step back. What a chunk costs depends on its rows, never
 * on how many its conversations hold.
 */
import { create } from "@bufbuild/protobuf";
import { accountIdToBytes, type AccountId, type ConversationId, fromHex, messageIdFromBytes, type SqlDatabase, toHex } from "@hawser/base";
import type { HistoryPage, HistoryPosition, HistoryReader, HistoryScope, HistoryWriter } from "@hawser/sync";
import {
  type Attachment,
  AttachmentSchema,
  type HistoryConversation,
  HistoryConversationSchema,
  type HistoryEntry,
  HistoryEntrySchema,
  HistoryStatus,
  MAX_THUMBNAIL_BYTES,
} from "@hawser/wire";
import { parseAccountBytes } from "../messaging/content.ts";
import {
  MAX_COMPARED_CONVERSATIONS,
  MAX_HISTORY_SHIFT_MS,
  MAX_NOTICE_LENGTH,
  MAX_PICTURE_SIDE,
  MAX_REMEMBERED_TOTALS,
  ORDER_STEPS_PER_MS,
} from "../bounds.ts";
import type { ConversationRow, ConversationStore } from "./conversations.ts";
import type { HistoryJobStore } from "./history-jobs.ts";
import { type AttachmentRow, KIND_CODES, STATUS_CODES } from "./message-rows.ts";
import type { MessageStore, NewAttachment, NewMessage } from "./messages.ts";
import type { UnreadStore } from "./unread.ts";

interface Row {
  readonly order_key: number;
  readonly id: Uint8Array;
  readonly conversation: number;
  readonly sent_at_ms: number;
  readonly outgoing: number;
  readonly sender_account: string | null;
  readonly sender_name: string;
  readonly kind: number;
  readonly status: number;
  readonly text: string;
  readonly attachment_count: number;
  readonly notice: string;
  readonly unread: number;
}

const COLUMNS = `order_key, id, conversation, sent_at_ms, outgoing, sender_account, sender_name, kind, status, text, attachment_count, notice,
  EXISTS (SELECT 1 FROM unread_messages u WHERE u.message = order_key) AS unread`;
/** What cannot be read here is no help to anyone else. */
const READABLE = `kind <> ${KIND_CODES.undecryptable}`;

interface Parts {
  readonly database: SqlDatabase;
  readonly messages: MessageStore;
  readonly conversations: ConversationStore;
  readonly unread: UnreadStore;
  readonly historyJobs: HistoryJobStore;
}

export function openHistoryReader({ database, messages, conversations }: Parts): HistoryReader {
  const entryOf = (row: Row): HistoryEntry =>
    create(HistoryEntrySchema, {
      messageId: row.id,
      senderAccount: row.sender_account === null ? new Uint8Array(0) : accountIdToBytes(row.sender_account as AccountId),
      senderName: row.sender_name,
      sentAtMs: BigInt(row.sent_at_ms),
      position: BigInt(row.order_key),
      text: row.text,
      status: STATUS_OUT[row.status] ?? HistoryStatus.RECEIVED,
      outgoing: row.outgoing === 1,
      system: row.kind === KIND_CODES.system,
      notice: row.notice,
      unread: row.unread === 1,
      attachments: row.attachment_count === 0 ? [] : messages.attachmentsOf(row.order_key).map(toWireAttachment),
    });
  /** About what the attachments of a message take in a chunk; thumbnails above all. */
  const attachmentsSizeBytes = (order: number): number =>
    database
      .prepare(
        "SELECT coalesce(sum(length(file_name) + length(media_type) + coalesce(length(thumbnail), 0) + 96), 0) AS n FROM attachments WHERE message = ?",
      )
      .get<{ n: number }>(order)!.n;
  const fitting = (rows: readonly Row[], targetBytes: number): Row[] => {
    const taken: Row[] = [];
    let sizeBytes = 0;
    for (const row of rows) {
      taken.push(row);
      sizeBytes += row.text.length * 2 + 64 + (row.attachment_count === 0 ? 0 : attachmentsSizeBytes(row.order_key));
      if (sizeBytes >= targetBytes) break;
    }
    return taken;
  };
  /** Counted once a job, not once a chunk: what arrives meanwhile is no part of it. */
  const totals = new Map<number, number>();
  const totalOf = (row: number): number => {
    let total = totals.get(row);
    if (total === undefined) {
      total = database.prepare(`SELECT count(*) AS n FROM messages WHERE conversation = ? AND ${READABLE}`).get<{ n: number }>(row)!.n;
      if (totals.size >= MAX_REMEMBERED_TOTALS) totals.clear();
      totals.set(row, total);
    }
    return total;
  };
  const describe = (row: number, entries: HistoryEntry[], oldestOrder: number): HistoryConversation => {
    const conversation = conversations.byRow(row)!;
    const older = database
      .prepare(`SELECT 1 AS found FROM messages WHERE conversation = ? AND order_key < ? AND ${READABLE} LIMIT 1`)
      .get(row, oldestOrder);
    return create(HistoryConversationSchema, {
      conversationId: conversation.id,
      title: conversation.title,
      entries,
      // A device that was itself given only part of a chat does not call it whole.
      complete: older === undefined && conversation.history_complete === 1,
      totalMessages: BigInt(totalOf(row)),
      readUpToMs: BigInt(Math.floor(conversation.read_order / ORDER_STEPS_PER_MS)),
      request: conversation.accepted === 0,
      knowsUnread: true,
    });
  };
  const group = (rows: readonly Row[]): HistoryConversation[] => {
    const byConversation = new Map<number, Row[]>();
    for (const row of rows) {
      const its = byConversation.get(row.conversation);
      if (its === undefined) byConversation.set(row.conversation, [row]);
      else its.push(row);
    }
    return [...byConversation].map(([row, its]) => describe(row, its.map(entryOf), its.at(-1)!.order_key));
  };
  return {
    sizes: (count) =>
      database
        .prepare("SELECT row FROM conversations WHERE last_order > 0 ORDER BY last_order DESC LIMIT ?")
        .all<{ row: number }>(count)
        .map(({ row }) => ({ ...describe(row, [], 0), complete: false })),
    count(scope) {
      totals.clear();
      if (scope.kind === "conversation") {
        const row = conversations.find(scope.conversation as ConversationId)?.row ?? -1;
        const counted = database
          .prepare(`SELECT count(*) AS n FROM messages WHERE conversation = ? AND order_key < ? AND ${READABLE}`)
          .get<{ n: number }>(row, orderOfMs(scope.beforeMs))!.n;
        return { messages: counted, conversations: counted > 0 ? 1 : 0 };
      }
      if (scope.kind === "since") {
        const counted = database
          .prepare(`SELECT count(*) AS n FROM messages WHERE order_key >= ? AND ${READABLE}`)
          .get<{ n: number }>(orderOfMs(scope.afterMs))!.n;
        return { messages: counted, conversations: MAX_COMPARED_CONVERSATIONS };
      }
      // Unreadable ones included, so that an index is enough: a person waits for this, and the end of the job says the exact number.
      const of = (table: string): number => database.prepare(`SELECT count(*) AS n FROM ${table}`).get<{ n: number }>()!.n;
      return { messages: of("messages"), conversations: of("conversations WHERE last_order > 0") };
    },
    firstScreen(count, messagesEach) {
      const newest = database
        .prepare("SELECT row FROM conversations WHERE last_order > 0 ORDER BY last_order DESC LIMIT ?")
        .all<{ row: number }>(count);
      const screen = newest.flatMap(({ row }) =>
        group(
          database
            .prepare(`SELECT ${COLUMNS} FROM messages WHERE conversation = ? AND ${READABLE} ORDER BY order_key DESC LIMIT ?`)
            .all<Row>(row, messagesEach),
        ),
      );
      // Thumbnails come with the chunks: what is inline must fit into one message.
      for (const { entries } of screen)
        for (const entry of entries) for (const attachment of entry.attachments) attachment.thumbnail = new Uint8Array(0);
      return screen;
    },
    waiting(withTail, maxMessages, targetBytes) {
      const rows = database
        .prepare(
          `SELECT ${COLUMNS} FROM archive_rows JOIN messages USING (order_key) WHERE tail <= ? AND ${READABLE} ORDER BY order_key DESC LIMIT ?`,
        )
        .all<Row>(withTail ? 1 : 0, maxMessages + 1);
      const taken = fitting(rows.slice(0, maxMessages), targetBytes);
      const last = taken.at(-1);
      const next = last !== undefined && taken.length < rows.length ? positionOf(last) : undefined;
      return { conversations: group(taken), messageCount: taken.length, next, rows: taken.map((row) => row.order_key) };
    },
    page(scope: HistoryScope, from: HistoryPosition | undefined, maxMessages: number, targetBytes: number): HistoryPage {
      const rows = readPage(database, conversations, scope, from, maxMessages);
      const taken = fitting(rows, targetBytes);
      const last = taken.at(-1);
      const more =
        last !== undefined && (taken.length < rows.length || readPage(database, conversations, scope, positionOf(last), 1).length > 0);
      return { conversations: group(taken), messageCount: taken.length, next: more ? positionOf(last) : undefined };
    },
  };
}

export function openHistoryWriter(
  { database, messages, conversations, unread, historyJobs }: Parts,
  toOwnView: (entry: HistoryEntry) => { outgoing: boolean },
  /** Rows were new here. Repeats are no news: devices that hand on to one another what they were given would never end. */
  noteNews: () => void,
): HistoryWriter {
  interface Arriving {
    readonly message: NewMessage;
    readonly into: Changed;
    /** What the source says; `undefined`: it does not know of single messages. */
    readonly isUnread: boolean | undefined;
  }
  interface Changed {
    readonly conversation: ConversationRow;
    /** Of the conversation, for sources that know no other way. */
    readonly readOrder: number;
    lastOrder: number;
    unread: number;
    recount: boolean;
  }

  /** Brings the conversation up to what the source says of it; its counters follow when the rows are in. */
  const openConversation = (incoming: HistoryConversation): Changed => {
    const conversation = conversations.ensure(incoming.conversationId as ConversationId, {
      title: incoming.title,
      historyComplete: false,
      accepted: !incoming.request,
    });
    if (incoming.title !== "" && conversation.title === "") conversations.update(conversation.row, { title: incoming.title });
    if (incoming.complete && conversation.history_complete === 0) conversations.update(conversation.row, { history_complete: 1 });
    const readUpTo = incoming.readUpToMs > 0n ? orderOfMs(Number(incoming.readUpToMs)) + ORDER_STEPS_PER_MS - 1 : 0;
    if (incoming.knowsUnread) conversations.raiseReadOrder(conversation.row, readUpTo);
    else if (readUpTo > conversation.read_order) conversations.readUpTo(conversation.row, readUpTo);
    return { conversation, readOrder: Math.max(conversation.read_order, readUpTo), lastOrder: 0, unread: 0, recount: false };
  };

  /** Says whether the row was new. */
  const storeOne = ({ message, into, isUnread }: Arriving): boolean => {
    const isOthers = !message.outgoing && message.kind !== "system";
    const order = messages.insert(message);
    if (order === undefined) {
      const replaced = messages.replacePlaceholder(message);
      if (message.attachments.some((attachment) => attachment.thumbnail !== undefined))
        messages.fillThumbnails(message.id, message.attachments);
      const isReadNow = (!isOthers || isUnread === false) && unread.take(message.id) !== undefined;
      if (replaced || isReadNow) into.recount = true;
      return replaced;
    }
    into.lastOrder = Math.max(into.lastOrder, order);
    if (isOthers && (isUnread ?? order > into.readOrder) && unread.add(order, into.conversation.row, message.id)) into.unread++;
    return true;
  };

  return {
    countReadable: (conversation) =>
      database
        .prepare(`SELECT count(*) AS n FROM messages JOIN conversations ON row = conversation WHERE conversations.id = ? AND ${READABLE}`)
        .get<{ n: number }>(conversation)!.n,
    commitChunk(jobId, index, incoming) {
      return database.transaction(() => {
        if (historyJobs.isCommitted(jobId, index)) return 0;
        const arriving: Arriving[] = [];
        const changed: Changed[] = [];
        for (const conversation of incoming) {
          if (!isConversationId(conversation.conversationId)) continue;
          const into = openConversation(conversation);
          changed.push(into);
          for (const entry of conversation.entries.toReversed()) {
            const message = toNewMessage(into.conversation.row, entry, toOwnView(entry).outgoing);
            const isUnread = conversation.knowsUnread ? entry.unread : undefined;
            if (message !== undefined) arriving.push({ message, into, isUnread });
          }
        }
        // A stable sort: within a millisecond the source's order stays.
        arriving.sort((a, b) => a.message.orderFrom - b.message.orderFrom);
        let added = 0;
        for (const one of arriving) if (storeOne(one)) added++;
        for (const { conversation, lastOrder, unread: more, recount } of changed) {
          if (recount) conversations.recount(conversation.row);
          else if (lastOrder > 0) conversations.noteMessages(conversation.row, lastOrder, more);
        }
        if (index >= 0) historyJobs.markCommitted(jobId, index);
        if (added > 0) noteNews();
        return added;
      });
    },
  };
}

function readPage(
  database: SqlDatabase,
  conversations: ConversationStore,
  scope: HistoryScope,
  from: HistoryPosition | undefined,
  limit: number,
): Row[] {
  if (scope.kind === "conversation") {
    const row = conversations.find(scope.conversation as ConversationId)?.row ?? -1;
    const before = Math.min(from?.row ?? Number.MAX_SAFE_INTEGER, orderOfMs(scope.beforeMs));
    return database
      .prepare(`SELECT ${COLUMNS} FROM messages WHERE conversation = ? AND order_key < ? AND ${READABLE} ORDER BY order_key DESC LIMIT ?`)
      .all<Row>(row, before, limit);
  }
  const oldest = scope.kind === "since" ? orderOfMs(scope.afterMs) : 0;
  return database
    .prepare(`SELECT ${COLUMNS} FROM messages WHERE order_key < ? AND order_key >= ? AND ${READABLE} ORDER BY order_key DESC LIMIT ?`)
    .all<Row>(from?.row ?? Number.MAX_SAFE_INTEGER, oldest, limit);
}

const orderOfMs = (ms: number): number => Math.min(Math.max(0, ms) * ORDER_STEPS_PER_MS, Number.MAX_SAFE_INTEGER);
/** The place at the source, if it is near the time of sending: a source cannot put a message anywhere it likes. */
function orderOfEntry(entry: HistoryEntry, sentAtMs: number): number {
  const position = Number(entry.position);
  const shiftMs = position / ORDER_STEPS_PER_MS - sentAtMs;
  return Math.abs(shiftMs) <= MAX_HISTORY_SHIFT_MS ? position : orderOfMs(sentAtMs);
}
const positionOf = (row: Row): HistoryPosition => ({ sentAtMs: row.sent_at_ms, row: row.order_key });
const isConversationId = (id: string): boolean => /^[agi]:[a-z0-9]{1,64}$/.test(id);

const STATUS_OUT: Readonly<Record<number, HistoryStatus>> = {
  [STATUS_CODES.queued]: HistoryStatus.SENT,
  [STATUS_CODES.sent]: HistoryStatus.SENT,
  [STATUS_CODES.delivered]: HistoryStatus.DELIVERED,
  [STATUS_CODES.read]: HistoryStatus.READ,
  [STATUS_CODES.failed]: HistoryStatus.SENT,
  [STATUS_CODES.received]: HistoryStatus.RECEIVED,
};
const STATUS_IN = {
  [HistoryStatus.UNSPECIFIED]: "sent",
  [HistoryStatus.RECEIVED]: "received",
  [HistoryStatus.SENT]: "sent",
  [HistoryStatus.DELIVERED]: "delivered",
  [HistoryStatus.READ]: "read",
} as const;

function toNewMessage(conversation: number, entry: HistoryEntry, outgoing: boolean): NewMessage | undefined {
  const sentAtMs = Number(entry.sentAtMs);
  if (entry.messageId.length !== 16 || sentAtMs <= 0 || !Number.isSafeInteger(sentAtMs * ORDER_STEPS_PER_MS)) return undefined;
  return {
    id: messageIdFromBytes(entry.messageId),
    conversation,
    sentAtMs,
    orderFrom: orderOfEntry(entry, sentAtMs),
    outgoing,
    senderAccount: parseAccountBytes(entry.senderAccount),
    senderName: entry.senderName,
    kind: entry.system ? "system" : "text",
    status: outgoing ? (entry.status === HistoryStatus.RECEIVED ? "sent" : STATUS_IN[entry.status]) : "received",
    text: entry.text,
    quoted: undefined,
    attachments: entry.attachments.map(fromWireAttachment),
    notice: entry.system ? entry.notice.slice(0, MAX_NOTICE_LENGTH) : "",
  };
}

/** What is known of an attachment, as others are told. */
export function toWireAttachment(row: AttachmentRow): Attachment {
  return create(AttachmentSchema, {
    blobId: row.blob === null ? new Uint8Array(0) : fromHex(row.blob)!,
    key: row.key ?? new Uint8Array(0),
    plaintextSizeBytes: BigInt(row.size_bytes),
    mediaType: row.media_type,
    fileName: row.file_name,
    width: row.width,
    height: row.height,
    thumbnail: row.thumbnail ?? new Uint8Array(0),
  });
}

/** What a sender says of an attachment; its bytes are fetched when someone looks at it. */
export function fromWireAttachment(attachment: Attachment): NewAttachment {
  const present = attachment.blobId.length === 32 && attachment.key.length === 32;
  const { thumbnail } = attachment;
  const knowsSides = attachment.width <= MAX_PICTURE_SIDE && attachment.height <= MAX_PICTURE_SIDE;
  return {
    blob: present ? toHex(attachment.blobId) : undefined,
    key: present ? attachment.key : undefined,
    sizeBytes: Number(attachment.plaintextSizeBytes),
    mediaType: attachment.mediaType,
    fileName: attachment.fileName,
    width: knowsSides ? attachment.width : 0,
    height: knowsSides ? attachment.height : 0,
    thumbnail: thumbnail.length === 0 || thumbnail.length > MAX_THUMBNAIL_BYTES ? undefined : thumbnail,
    localId: undefined,
  };
}
