/** Reading chats: pages of messages and conversations, search, read marks. All from the store, at once. */
import { create } from "@bufbuild/protobuf";
import { accountOfConversation, type ConversationId, type MessageId, OperationalError } from "@hawser/base";
import { ChatStateSchema, ReadStateSchema } from "@hawser/wire";
import type { HawserClient, MessageView, SearchHit } from "../api.ts";
import { MAX_DRAFT_LENGTH, MAX_PAGE_CONVERSATIONS, MAX_PAGE_MESSAGES, MAX_SEARCH_HITS, ORDER_STEPS_PER_MS } from "../bounds.ts";
import type { Core } from "../core.ts";
import type { Receipts } from "../messaging/receipts.ts";
import { encodeState, type StateSync } from "../messaging/state-sync.ts";
import type { ConversationRow } from "../store/conversations.ts";
import { KIND_CODES } from "../store/message-rows.ts";

type MessagePage = Awaited<ReturnType<HawserClient["messages"]>>;
type PageOptions = Parameters<HawserClient["messages"]>[0];

export function requireConversation(core: Core, id: ConversationId): ConversationRow {
  const row = core.store.conversations.find(id);
  if (row === undefined) throw new OperationalError("UNKNOWN_CONVERSATION");
  return row;
}

export function pageOfMessages(core: Core, options: PageOptions): MessagePage {
  const { messages } = core.store;
  const { row } = requireConversation(core, options.conversation);
  const limit = Math.max(1, Math.min(options.limit, MAX_PAGE_MESSAGES));
  const older = (beforeOrder: number, count: number): { items: MessageView[]; more: boolean } =>
    cut(messages.before(row, beforeOrder, count + 1), count);
  const newer = (afterOrder: number, count: number): { items: MessageView[]; more: boolean } => {
    const page = cut(messages.after(row, afterOrder, count + 1), count);
    return { items: page.items.toReversed(), more: page.more };
  };
  if (options.aroundMessage !== undefined) {
    const order = messages.row(options.aroundMessage)?.order;
    if (order === undefined) throw new OperationalError("UNKNOWN_MESSAGE");
    const before = older(order + 1, Math.ceil(limit / 2));
    const after = newer(order, Math.floor(limit / 2));
    return { items: [...after.items, ...before.items], hasOlder: before.more, hasNewer: after.more };
  }
  if (options.afterOrder !== undefined) {
    const page = newer(options.afterOrder, limit);
    return { items: page.items, hasOlder: messages.before(row, options.afterOrder + 1, 1).length > 0, hasNewer: page.more };
  }
  const beforeOrder = options.beforeOrder ?? Number.MAX_SAFE_INTEGER;
  const page = older(beforeOrder, limit);
  return {
    items: page.items,
    hasOlder: page.more,
    hasNewer: options.beforeOrder !== undefined && messages.after(row, beforeOrder - 1, 1).length > 0,
  };
}

function cut(items: readonly MessageView[], count: number): { items: MessageView[]; more: boolean } {
  return { items: items.slice(0, count), more: items.length > count };
}

export function pageOfConversations(core: Core, options: NonNullable<Parameters<HawserClient["conversations"]>[0]>) {
  const limit = Math.max(1, Math.min(options.limit ?? MAX_PAGE_CONVERSATIONS, MAX_PAGE_CONVERSATIONS));
  return core.store.conversations.list(options.archived ?? false, Math.max(0, options.offset ?? 0), limit);
}

export function searchMessages(core: Core, options: Parameters<HawserClient["search"]>[0]): SearchHit[] {
  return core.store.search.search(options.text, {
    conversation: options.conversation === undefined ? undefined : requireConversation(core, options.conversation).row,
    beforeOrder: options.beforeOrder,
    limit: Math.max(1, Math.min(options.limit ?? 50, MAX_SEARCH_HITS)),
  });
}

/**
 * Everything up to a message is read: here, on the own devices, and (if the settings allow) at the other end. What was unread is told by its
 * ids. The mark beside them, for devices that know no other way, names the last message of others up to there: own ones stand where this
 * device's clock put them, and no other device can tell whether that is right.
 */
export function markRead(core: Core, receipts: Receipts, state: StateSync, id: ConversationId, upTo: MessageId): void {
  const conversation = requireConversation(core, id);
  const shown = core.store.messages.row(upTo)?.order;
  if (shown === undefined) throw new OperationalError("UNKNOWN_MESSAGE");
  const last = core.store.database
    .prepare(
      `SELECT id, order_key FROM messages WHERE conversation = ? AND order_key <= ? AND outgoing = 0 AND kind <> ${KIND_CODES.system}
       ORDER BY order_key DESC LIMIT 1`,
    )
    .get<{ id: Uint8Array; order_key: number }>(conversation.row, shown);
  if (last === undefined) return;
  core.store.atomically(() => {
    const read = core.store.conversations.readUpTo(conversation.row, last.order_key);
    if (read.length === 0) return;
    const value = create(ReadStateSchema, {
      messageId: last.id,
      readAtMs: BigInt(Math.floor(core.timeMs())),
      upToSentAtMs: BigInt(Math.floor(last.order_key / ORDER_STEPS_PER_MS)),
      byIds: true,
    });
    state.share("read", id, encodeState(ReadStateSchema, value));
    state.shareRead(read.map((message) => message.id));
    const account = accountOfConversation(id);
    if (account !== undefined && conversation.accepted === 1 && core.identity.settings().readReceipts) {
      receipts.read(
        account,
        read.filter(({ isText }) => isText).map((message) => message.id),
      );
    }
  });
  core.notify.changed("conversations");
}

export function setChatState(
  core: Core,
  state: StateSync,
  id: ConversationId,
  change: { pinned?: boolean; archived?: boolean; mutedUntilMs?: number },
): void {
  const conversation = requireConversation(core, id);
  core.store.atomically(() => {
    const pinned = change.pinned ?? conversation.pinned === 1;
    const archived = change.archived ?? conversation.archived === 1;
    const mutedUntilMs = Math.floor(change.mutedUntilMs ?? conversation.muted_until_ms);
    core.store.conversations.update(conversation.row, { pinned: pinned ? 1 : 0, archived: archived ? 1 : 0, muted_until_ms: mutedUntilMs });
    state.share(
      "chat",
      id,
      encodeState(ChatStateSchema, create(ChatStateSchema, { pinned, archived, mutedUntilMs: BigInt(mutedUntilMs) })),
    );
  });
  core.notify.changed("conversations");
}

export function setDraft(core: Core, id: ConversationId, text: string): void {
  const conversation = requireConversation(core, id);
  if (text.length > MAX_DRAFT_LENGTH) throw new OperationalError("TEXT_TOO_LONG");
  if (text === conversation.draft) return;
  core.store.conversations.update(conversation.row, { draft: text });
  core.notify.changed("conversations");
}
