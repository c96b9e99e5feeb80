/** Full-text search, newest first. Cost is bounded by the limit: the index is walked from its newest match, never ranked as a whole. */
import type { SqlDatabase } from "@hawser/base";
import type { SearchHit } from "../api.ts";
import { nameSql } from "./message-rows.ts";
import type { MessageStore } from "./messages.ts";
import { ftsQuery, makeSnippet, searchWords } from "./search-text.ts";

export interface SearchStore {
  /** `conversation` is a row; `beforeOrder` continues after the last hit of the page before. */
  search(
    text: string,
    options: { readonly conversation: number | undefined; readonly beforeOrder: number | undefined; readonly limit: number },
  ): SearchHit[];
}

export function openSearch(database: SqlDatabase, messages: MessageStore): SearchStore {
  const statement = `
    SELECT m.order_key AS place, coalesce(${nameSql("c")}, v.title) AS title
    FROM messages_fts f
    JOIN messages m ON m.order_key = f.rowid
    JOIN conversations v ON v.row = m.conversation
    LEFT JOIN contacts c ON v.id GLOB 'a:*' AND c.account = substr(v.id, 3)
    WHERE messages_fts MATCH ? AND f.rowid < ?
    ORDER BY f.rowid DESC LIMIT ?`;
  return {
    search(text, { conversation, beforeOrder, limit }) {
      const words = searchWords(text);
      const query = ftsQuery(words, conversation);
      if (query === undefined) return [];
      const rows = database.prepare(statement).all<{ place: number; title: string }>(query, beforeOrder ?? Number.MAX_SAFE_INTEGER, limit);
      const found = messages.at(rows.map((row) => row.place));
      return rows.flatMap((row) => {
        const message = found.get(row.place);
        return message === undefined ? [] : [{ message, conversationTitle: row.title, ...makeSnippet(message.text, words) }];
      });
    },
  };
}
