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

/** Messages kept at most, once `trimmed`: the far end is let go while paging, so that memory stays flat. */
export const MAX_WINDOW = 1_200;
/** About eight screens: a page is there before the one that is read has ended. */
export const PAGE_SIZE = 100;

const sorted = (messages: Iterable<MessageView>): MessageView[] => [...messages].sort((a, b) => a.order - b.order);
const join = (...lists: readonly (readonly MessageView[])[]): MessageView[] =>
  sorted(new Map(lists.flat().map((message) => [message.id, message])).values());

export const windowOf = (page: MessagePage): MessageWindow => ({
  messages: sorted(page.items),
  hasOlder: page.hasOlder,
  hasNewer: page.hasNewer,
});

export function withOlder(window: MessageWindow, page: MessagePage): MessageWindow {
  return { messages: join(page.items, window.messages), hasOlder: page.hasOlder, hasNewer: window.hasNewer };
}

export function withNewer(window: MessageWindow, page: MessagePage): MessageWindow {
  return { messages: join(window.messages, page.items), hasOlder: window.hasOlder, hasNewer: page.hasNewer };
}

/** The part asked for again: as the page says, and what stands before the page as it was. */
export function refreshed(window: MessageWindow, page: MessagePage): MessageWindow {
  const fresh = windowOf(page);
  const first = fresh.messages[0];
  const before = first === undefined ? [] : window.messages.filter((message) => message.order < first.order);
  return {
    messages: [...before, ...fresh.messages],
    hasOlder: before.length > 0 ? window.hasOlder : fresh.hasOlder,
    hasNewer: window.hasNewer,
  };
}

/**
 * Lets the far end go: the newer one while the person reads backwards. A step of its own after the growth has been drawn, because
 * a list that grows at one end and shrinks at the other at once has no end to keep its place from.
 */
export function trimmed(window: MessageWindow, far: "older" | "newer"): MessageWindow {
  if (window.messages.length <= MAX_WINDOW) return window;
  return far === "newer"
    ? { ...window, messages: window.messages.slice(0, MAX_WINDOW), hasNewer: true }
    : { ...window, messages: window.messages.slice(-MAX_WINDOW), hasOlder: true };
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
