/** From messages to what stands in a thread: days, the unread line, and bubbles grouped by sender and time. Pure. */
import type { MessageView } from "@hawser/sdk";
import { localDay } from "@hawser/ui";

/** Messages of one sender within this time stand together. */
const GROUP_WITHIN_MS = 5 * 60_000;

export type ThreadItem =
  /** Where everything begins: only when nothing older exists. */
  | { readonly type: "start"; readonly key: string }
  | { readonly type: "day"; readonly key: string; readonly timeMs: number }
  | { readonly type: "unread"; readonly key: string }
  | { readonly type: "message"; readonly key: string; readonly message: MessageView; readonly isFirst: boolean; readonly isLast: boolean };

const belongTogether = (a: MessageView | undefined, b: MessageView | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  a.kind !== "system" &&
  b.kind !== "system" &&
  a.outgoing === b.outgoing &&
  a.senderName === b.senderName &&
  Math.abs(b.sentAtMs - a.sentAtMs) <= GROUP_WITHIN_MS &&
  localDay(a.sentAtMs) === localDay(b.sentAtMs);

/** `messages` oldest first. The unread line stands before the message with the id `firstUnread`. */
export function threadItems(messages: readonly MessageView[], firstUnread: string | undefined): ThreadItem[] {
  const items: ThreadItem[] = [];
  for (const [index, message] of messages.entries()) {
    const before = messages[index - 1];
    const after = messages[index + 1];
    if (before === undefined || localDay(before.sentAtMs) !== localDay(message.sentAtMs)) {
      items.push({
        type: "day",
        key: `day-${localDay(message.sentAtMs)}-${before === undefined ? "top" : message.id}`,
        timeMs: message.sentAtMs,
      });
    }
    const isUnreadStart = message.id === firstUnread;
    if (isUnreadStart) items.push({ type: "unread", key: "unread" });
    items.push({
      type: "message",
      key: message.id,
      message,
      isFirst: isUnreadStart || !belongTogether(before, message),
      isLast: after?.id === firstUnread || !belongTogether(message, after),
    });
  }
  return items;
}

/** One to three emoji and nothing else are shown large. */
export const isOnlyEmoji = (text: string): boolean => text.length <= 24 && /^(?:\p{RGI_Emoji}\uFE0F?\s*){1,3}$/v.test(text.trim());
