/**
 * The part of a conversation that is loaded: one run of messages without gaps, oldest first. Pure merging; the hook in
 * `use-thread.ts` does the asking. Invariant: `messages` rises strictly by `order`, ids are unique.
 */
import type { MessageView } from "@hawser/sdk";

export interface MessageWindow {
  readonly messages: readonly MessageView[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
}

export interface MessagePage {
  readonly items: readonly MessageView[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
}

/** Messages kept at most; the far end is let go while paging, so that memory stays flat. */
export const MAX_WINDOW = 1_200;
export const PAGE_SIZE = 60;

const sorted = (messages: Iterable<MessageView>): MessageView[] => [...messages].sort((a, b) => a.order - b.order);
const join = (...lists: readonly (readonly MessageView[])[]): MessageView[] =>
  sorted(new Map(lists.flat().map((message) => [message.id, message])).values());

export const windowOf = (page: MessagePage): MessageWindow => ({
  messages: sorted(page.items),
  hasOlder: page.hasOlder,
  hasNewer: page.hasNewer,
});

export function withOlder(window: MessageWindow, page: MessagePage): MessageWindow {
  const messages = join(page.items, window.messages);
  const cut = messages.length > MAX_WINDOW;
  return { messages: cut ? messages.slice(0, MAX_WINDOW) : messages, hasOlder: page.hasOlder, hasNewer: window.hasNewer || cut };
}

export function withNewer(window: MessageWindow, page: MessagePage): MessageWindow {
  const messages = join(window.messages, page.items);
  const cut = messages.length > MAX_WINDOW;
  return { messages: cut ? messages.slice(-MAX_WINDOW) : messages, hasOlder: window.hasOlder || cut, hasNewer: page.hasNewer };
}

/** A message that changed, or a new one: new ones only join where the window reaches the end. */
export function withMessage(window: MessageWindow, message: MessageView): MessageWindow {
  const index = window.messages.findIndex((known) => known.id === message.id);
  if (index >= 0) {
    const messages = join(window.messages.toSpliced(index, 1), [message]);
    return { ...window, messages };
  }
  const last = window.messages.at(-1);
  if (window.hasNewer && last !== undefined && message.order > last.order) return window;
  const first = window.messages[0];
  if (window.hasOlder && first !== undefined && message.order < first.order) return window;
  return { ...window, messages: join(window.messages, [message]) };
}
