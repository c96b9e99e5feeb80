/** Fills a client's store with chats, and asks it what a person would ask. Portable: runs in Node and in a browser's worker. */
import { type ConversationId, type MessageId, messageIdFromBytes } from "@hawser/base";
import type { NewMessage } from "@hawser/client/store/messages";
import { openStore, type Store } from "@hawser/client/store/store";

export { openStore, type Store };

const FIRST_MESSAGE_MS = Date.UTC(2020, 0, 1);
const BETWEEN_MESSAGES_MS = 97_000;
const ROWS_PER_TRANSACTION = 1_000;
const ORDER_STEPS_PER_MS = 1_000;

export interface FillOptions {
  readonly messages: number;
  readonly conversations: number;
  textNumber(index: number): string;
}

/** Oldest first, round robin over imported chats that nobody can write to. Every chunk of history then touches every chat. */
export function fillStore(store: Store, options: FillOptions): void {
  const rows = makeConversations(store, options.conversations);
  for (let start = 0; start < options.messages; start += ROWS_PER_TRANSACTION) {
    const end = Math.min(start + ROWS_PER_TRANSACTION, options.messages);
    store.atomically(() => {
      for (let i = start; i < end; i++) store.messages.insert(numberedMessage(rows[i % rows.length]!, i, options.textNumber(i)));
    });
  }
  store.atomically(() => {
    for (const row of rows) store.conversations.recount(row);
  });
}

/**
 * The limit for history: the same rows, already decoded and in memory, into the same schema. Rows a second, from the first row to the
 * last commit.
 */
export function bareRate(store: Store, options: FillOptions): number {
  const rows = makeConversations(store, options.conversations);
  const messages = Array.from({ length: options.messages }, (_, i) => numberedMessage(rows[i % rows.length]!, i, options.textNumber(i)));
  const beganMs = performance.now();
  for (let start = 0; start < messages.length; start += ROWS_PER_TRANSACTION) {
    store.atomically(() => {
      for (const message of messages.slice(start, start + ROWS_PER_TRANSACTION)) store.messages.insert(message);
    });
  }
  return (messages.length * 1_000) / (performance.now() - beganMs);
}

const makeConversations = (store: Store, count: number): number[] =>
  store.atomically(() =>
    Array.from({ length: count }, (_, i) => store.conversations.ensure(conversationNumber(i), { title: `Chat ${i + 1}` }).row),
  );

const conversationNumber = (index: number): ConversationId => `i:${(index + 1).toString(16).padStart(32, "0")}` as ConversationId;

function numberedMessage(conversation: number, index: number, text: string): NewMessage {
  const sentAtMs = FIRST_MESSAGE_MS + index * BETWEEN_MESSAGES_MS;
  const outgoing = index % 3 === 0;
  return {
    id: messageNumber(index),
    conversation,
    sentAtMs,
    orderFrom: sentAtMs * ORDER_STEPS_PER_MS,
    outgoing,
    senderAccount: undefined,
    senderName: outgoing ? "" : "Anna",
    kind: "text",
    status: outgoing ? "read" : "received",
    text,
    quoted: undefined,
    attachments: [],
  };
}

/** Spread like random ids, so that the index on ids costs what it costs in real life. */
function messageNumber(index: number): MessageId {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, index);
  for (let part = 1; part < 4; part++) view.setUint32(part * 4, Math.imul(index + 1, 0x9e3779b1 * part + 0x85ebca6b) >>> 0);
  return messageIdFromBytes(bytes);
}

/** Words taken from the texts themselves: rare and common ones, pairs of them, beginnings of them. */
export function searchQueries(count: number, textNumber: (index: number) => string, random: () => number): Record<QueryKind, string[]> {
  const word = (): string => {
    for (;;) {
      const words =
        textNumber(Math.floor(random() * 5_000))
          .toLowerCase()
          .match(/[a-z]{3,}/g) ?? [];
      if (words.length > 0) return words[Math.floor(random() * words.length)]!;
    }
  };
  const pair = (): string => {
    for (;;) {
      const words =
        textNumber(Math.floor(random() * 5_000))
          .toLowerCase()
          .match(/[a-z]{3,}/g) ?? [];
      if (words.length > 1) return `${words[0]!} ${words[words.length - 1]!}`;
    }
  };
  const many = (make: () => string): string[] => Array.from({ length: count }, make);
  return { "one word": many(word), "two words": many(pair), "beginning of a word": many(() => word().slice(0, 3)) };
}

type QueryKind = "one word" | "two words" | "beginning of a word";
/** What a page of results holds. */
const SEARCH_LIMIT = 50;

/** Milliseconds of each query, by what was asked where. */
export function searchTimes(store: Store, queries: Readonly<Record<QueryKind, readonly string[]>>): Record<string, number[]> {
  const times: Record<string, number[]> = {};
  for (const [kind, texts] of Object.entries(queries)) {
    for (const [where, conversation] of [
      ["everywhere", undefined],
      ["in one chat", 7],
    ] as const) {
      times[`${kind}, ${where}`] = texts.map((text) => {
        const beganMs = performance.now();
        store.search.search(text, { conversation, beforeOrder: undefined, limit: SEARCH_LIMIT });
        return performance.now() - beganMs;
      });
    }
  }
  return times;
}
