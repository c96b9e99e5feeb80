/**
 * Conversations with their counters. Invariant: `unread` is the number of the conversation's unread messages (`UnreadStore`), `last_order`
 * the newest message's position; both change in the transaction that stores the message. `read_order`: how far a person has read here; only
 * for devices that know no other way.
 */
import { accountOfConversation, assert, type ConversationId, type MessageId, type SqlDatabase } from "@hawser/base";
import type { ConversationSummary, MessageView } from "../api.ts";
import { contactOf } from "./contacts.ts";
import type { MessageStore } from "./messages.ts";
import type { UnreadStore } from "./unread.ts";

export interface ConversationRow {
  readonly row: number;
  readonly id: ConversationId;
  readonly title: string;
  readonly last_order: number;
  readonly unread: number;
  readonly read_order: number;
  readonly pinned: number;
  readonly archived: number;
  readonly muted_until_ms: number;
  readonly draft: string;
  readonly accepted: number;
  readonly history_complete: number;
}

export interface ConversationStore {
  find(id: ConversationId): ConversationRow | undefined;
  byRow(row: number): ConversationRow | undefined;
  /** The conversation's row, made when it is not there yet. */
  ensure(
    id: ConversationId,
    options?: { readonly title?: string; readonly accepted?: boolean; readonly historyComplete?: boolean },
  ): ConversationRow;
  summary(id: ConversationId): ConversationSummary | undefined;
  list(archived: boolean, offset: number, limit: number): { total: number; items: ConversationSummary[] };
  /** After a message was stored: moves `last_order`; `incoming` is counted as unread unless it was read elsewhere before. */
  noteMessage(row: number, order: number, incoming: MessageId | undefined): void;
  /** The same for many messages stored at once: the newest one's position, and by how many the unread ones have become more. */
  noteMessages(row: number, newestOrder: number, unread: number): void;
  /** A person read up to a place: what was unread until now. */
  readUpTo(row: number, order: number): { readonly id: MessageId; readonly isText: boolean }[];
  /** Other devices have read these. Says whether anything changed. */
  readThese(ids: readonly MessageId[]): boolean;
  raiseReadOrder(row: number, order: number): void;
  update(
    row: number,
    change: Partial<Pick<ConversationRow, "pinned" | "archived" | "muted_until_ms" | "draft" | "accepted" | "title" | "history_complete">>,
  ): void;
  /** Counts again from the messages, after many were added at once. */
  recount(row: number): void;
  unreadTotal(): number;
  /** Every row was removed. */
  forget(): void;
}

/** `settling`: who is a stranger is not known yet, so no chat is called a request. */
export function openConversations(
  database: SqlDatabase,
  messages: MessageStore,
  unread: UnreadStore,
  settling: () => boolean,
): ConversationStore {
  /** Asked for at every change of the small state; `undefined` after whatever may have changed it. */
  let unreadKnown: number | undefined;
  const find = (id: ConversationId): ConversationRow | undefined =>
    database.prepare("SELECT * FROM conversations WHERE id = ?").get<ConversationRow>(id);
  const recountUnread = (row: number): void => {
    unreadKnown = undefined;
    database.prepare("UPDATE conversations SET unread = ? WHERE row = ?").run(unread.count(row), row);
  };
  const raiseReadOrder = (row: number, order: number): void =>
    void database.prepare("UPDATE conversations SET read_order = ? WHERE row = ? AND read_order < ?").run(order, row, order);

  const isAsked = (id: string): boolean =>
    database
      .prepare("SELECT 1 FROM history_jobs WHERE direction = 1 AND finished = 0 AND json_extract(state, '$.part.conversation') = ?")
      .get(id) !== undefined;
  const toSummary = (row: ConversationRow, lastMessages = messages.at([row.last_order])): ConversationSummary => {
    const account = accountOfConversation(row.id);
    const contact = account === undefined ? undefined : contactOf(database, account);
    const newest = lastMessages.get(row.last_order);
    // A message that is gone leaves its position behind, and another chat's may take it.
    const last: MessageView | undefined =
      newest?.conversation === row.id ? newest : messages.before(row.row, Number.MAX_SAFE_INTEGER, 1)[0];
    return {
      id: row.id,
      title: contact?.name ?? row.title,
      contact,
      last,
      unread: row.unread,
      pinned: row.pinned === 1,
      archived: row.archived === 1,
      mutedUntilMs: row.muted_until_ms,
      draft: row.draft,
      historyComplete: row.history_complete === 1,
      historyAsked: row.history_complete === 0 && isAsked(row.id),
      isRequest: row.accepted === 0 && !settling(),
    };
  };

  return {
    find,
    byRow: (row) => database.prepare("SELECT * FROM conversations WHERE row = ?").get<ConversationRow>(row),
    ensure(id, options = {}) {
      const existing = find(id);
      if (existing !== undefined) return existing;
      assert(database.inTransaction, "conversations are made inside a transaction");
      database
        .prepare("INSERT INTO conversations (id, title, accepted, history_complete) VALUES (?, ?, ?, ?)")
        .run(id, options.title ?? "", options.accepted === false ? 0 : 1, (options.historyComplete ?? !settling()) ? 1 : 0);
      return find(id)!;
    },
    summary(id) {
      const row = find(id);
      return row === undefined ? undefined : toSummary(row);
    },
    list(archived, offset, limit) {
      const where = "archived = ? AND (last_order > 0 OR draft <> '')";
      const total = database.prepare(`SELECT count(*) AS n FROM conversations WHERE ${where}`).get<{ n: number }>(archived ? 1 : 0)!.n;
      const rows = database
        .prepare(`SELECT * FROM conversations WHERE ${where} ORDER BY pinned DESC, last_order DESC LIMIT ? OFFSET ?`)
        .all<ConversationRow>(archived ? 1 : 0, limit, offset);
      const lastMessages = messages.at(rows.map((row) => row.last_order));
      return { total, items: rows.map((row) => toSummary(row, lastMessages)) };
    },
    noteMessage(row, order, incoming) {
      const isUnread = incoming !== undefined && unread.add(order, row, incoming);
      if (isUnread) unreadKnown = undefined;
      database
        .prepare("UPDATE conversations SET last_order = max(last_order, ?), unread = unread + ? WHERE row = ?")
        .run(order, isUnread ? 1 : 0, row);
    },
    noteMessages(row, newestOrder, more) {
      unreadKnown = undefined;
      database
        .prepare("UPDATE conversations SET last_order = max(last_order, ?), unread = unread + ? WHERE row = ?")
        .run(newestOrder, more, row);
    },
    readUpTo(row, order) {
      const read = unread.takeUpTo(row, order);
      raiseReadOrder(row, order);
      if (read.length > 0) recountUnread(row);
      return read;
    },
    readThese(ids) {
      const changed = new Set(ids.flatMap((id) => unread.take(id) ?? []));
      for (const row of changed) recountUnread(row);
      return changed.size > 0;
    },
    raiseReadOrder,
    update(row, change) {
      if (change.archived !== undefined) unreadKnown = undefined;
      for (const [column, value] of Object.entries(change)) {
        assert(UPDATABLE.has(column), "no such column");
        database.prepare(`UPDATE conversations SET ${column} = ? WHERE row = ?`).run(value, row);
      }
    },
    recount(row) {
      database.prepare("UPDATE conversations SET last_order = ? WHERE row = ?").run(messages.lastOrder(row), row);
      recountUnread(row);
    },
    unreadTotal() {
      if (unreadKnown !== undefined) return unreadKnown;
      const { n } = database.prepare("SELECT coalesce(sum(unread), 0) AS n FROM conversations WHERE archived = 0").get<{ n: number }>()!;
      // Not what a transaction sees that may yet be undone.
      if (!database.inTransaction) unreadKnown = n;
      return n;
    },
    forget() {
      unreadKnown = undefined;
    },
  };
}

const UPDATABLE: ReadonlySet<string> = new Set(["pinned", "archived", "muted_until_ms", "draft", "accepted", "title", "history_complete"]);
