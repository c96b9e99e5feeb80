/**
 * Which messages of others are unread: a set of messages, not a place in the chat, because devices may place one message differently
 * (clocks of senders, copies that came late). Invariants: a message is unread from when it came until any device of the account says that
 * it is read, and never again; so all devices that heard the same hold the same set, whatever the order they heard it in. What is said of
 * a message that is not here yet is remembered. Callers hold the transaction and keep the conversations' counters.
 */
import { type MessageId, messageIdFromBytes, messageIdToBytes, type SqlDatabase } from "@hawser/base";
import { MAX_READ_AHEAD } from "../bounds.ts";
import { KIND_CODES } from "./message-rows.ts";

export interface UnreadStore {
  /** A message of somebody else came. False when it was read elsewhere before. */
  add(message: number, conversation: number, id: MessageId): boolean;
  /** Takes everything up to a place out of the set. */
  takeUpTo(conversation: number, order: number): { readonly id: MessageId; readonly isText: boolean }[];
  /** Somewhere it was read. The conversation whose count fell, if one's did. */
  take(id: MessageId): number | undefined;
  count(conversation: number): number;
  /** The newest ones. */
  newest(limit: number): MessageId[];
  /** Of somebody else, here, and read. */
  isRead(id: MessageId): boolean;
}

export function openUnread(database: SqlDatabase): UnreadStore {
  const remember = (id: Uint8Array): void => {
    const { changes } = database.prepare("INSERT INTO read_ahead (id) VALUES (?) ON CONFLICT (id) DO NOTHING").run(id);
    if (changes > 0) database.prepare("DELETE FROM read_ahead WHERE row <= (SELECT max(row) FROM read_ahead) - ?").run(MAX_READ_AHEAD);
  };
  return {
    add(message, conversation, id) {
      if (database.prepare("DELETE FROM read_ahead WHERE id = ?").run(messageIdToBytes(id)).changes > 0) return false;
      database.prepare("INSERT INTO unread_messages (message, conversation) VALUES (?, ?)").run(message, conversation);
      return true;
    },
    takeUpTo(conversation, order) {
      const rows = database
        .prepare(
          "SELECT m.id, m.kind FROM unread_messages u JOIN messages m ON m.order_key = u.message WHERE u.conversation = ? AND u.message <= ? ORDER BY u.message",
        )
        .all<{ id: Uint8Array; kind: number }>(conversation, order);
      database.prepare("DELETE FROM unread_messages WHERE conversation = ? AND message <= ?").run(conversation, order);
      return rows.map(({ id, kind }) => ({ id: messageIdFromBytes(id), isText: kind === KIND_CODES.text }));
    },
    take(id) {
      const bytes = messageIdToBytes(id);
      const row = database.prepare("SELECT order_key FROM messages WHERE id = ?").get<{ order_key: number }>(bytes);
      if (row === undefined) {
        remember(bytes);
        return undefined;
      }
      return database
        .prepare("DELETE FROM unread_messages WHERE message = ? RETURNING conversation")
        .get<{ conversation: number }>(row.order_key)?.conversation;
    },
    count: (conversation) =>
      database.prepare("SELECT count(*) AS n FROM unread_messages WHERE conversation = ?").get<{ n: number }>(conversation)!.n,
    newest: (limit) =>
      database
        .prepare("SELECT m.id FROM unread_messages u JOIN messages m ON m.order_key = u.message ORDER BY u.message DESC LIMIT ?")
        .all<{ id: Uint8Array }>(limit)
        .map(({ id }) => messageIdFromBytes(id)),
    isRead: (id) =>
      database
        .prepare(
          `SELECT 1 AS found FROM messages m WHERE m.id = ? AND m.outgoing = 0 AND m.kind <> ${KIND_CODES.system}
           AND NOT EXISTS (SELECT 1 FROM unread_messages u WHERE u.message = m.order_key)`,
        )
        .get(messageIdToBytes(id)) !== undefined,
  };
}
