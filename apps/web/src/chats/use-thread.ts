/** Loads a conversation's messages around where the person is looking, and keeps them up to date. */
import type { ConversationId, MessageId } from "@hawser/base";
import { useCallback, useEffect, useRef, useState } from "react";
import { useClient, useClientEvents } from "../app/client-context.tsx";
import { PAGE_SIZE, refreshed, trimmed, windowOf, withMessage, withNewer, withOlder, type MessageWindow } from "./message-window.ts";

const REFRESH_AFTER_MS = 250;

export interface Thread {
  readonly window: MessageWindow | undefined;
  /** Rises when the window was replaced by another part of the conversation, so that no measured size is carried over. */
  readonly part: number;
  /** True when what changed last is at the front: the list then keeps its place from the end. */
  readonly isPrepending: boolean;
  readonly loadOlder: () => void;
  readonly loadNewer: () => void;
  readonly showEnd: () => Promise<void>;
  readonly showAround: (message: MessageId) => Promise<boolean>;
}

export function useThread(conversation: ConversationId, around: MessageId | undefined): Thread {
  const client = useClient();
  const [view, setView] = useState<{ window: MessageWindow | undefined; isPrepending: boolean; part: number }>({
    window: undefined,
    isPrepending: false,
    part: 0,
  });
  const current = useRef(view.window);
  const isLoading = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const put = useCallback((window: MessageWindow, isPrepending = false) => {
    current.current = window;
    setView(({ part }) => ({ window, isPrepending, part }));
  }, []);
  const replace = useCallback((window: MessageWindow) => {
    current.current = window;
    setView(({ part }) => ({ window, isPrepending: false, part: part + 1 }));
  }, []);

  useEffect(() => {
    if (view.window === undefined) return;
    const small = trimmed(view.window, view.isPrepending ? "newer" : "older");
    // oxlint-disable-next-line react/set-state-in-effect -- a step of its own, after the growth was drawn
    if (small !== view.window) put(small, !view.isPrepending);
  }, [view, put]);

  const once = useCallback(async (work: () => Promise<void>): Promise<void> => {
    if (isLoading.current) return;
    isLoading.current = true;
    try {
      await work();
    } catch {
      // the client went away or is changing tabs; the next scroll or event asks again
    } finally {
      isLoading.current = false;
    }
  }, []);

  const showEnd = useCallback(async () => {
    replace(windowOf(await client.messages({ conversation, limit: PAGE_SIZE })));
  }, [client, conversation, replace]);

  const showAround = useCallback(
    async (message: MessageId) => {
      if (current.current?.messages.some((known) => known.id === message)) return true;
      const page = await client.messages({ conversation, aroundMessage: message, limit: PAGE_SIZE });
      if (page.items.length === 0) return false;
      replace(windowOf(page));
      return true;
    },
    [client, conversation, replace],
  );

  useEffect(() => {
    let isOver = false;
    const load =
      around === undefined
        ? client.messages({ conversation, limit: PAGE_SIZE })
        : client.messages({ conversation, aroundMessage: around, limit: PAGE_SIZE });
    load
      .catch(() => client.messages({ conversation, limit: PAGE_SIZE }))
      .then((page) => {
        if (!isOver) replace(windowOf(page));
      })
      .catch(() => undefined);
    return () => {
      isOver = true;
      clearTimeout(timer.current);
    };
  }, [client, conversation, around, replace]);

  const loadOlder = useCallback(() => {
    const window = current.current;
    if (window === undefined || !window.hasOlder) return;
    void once(async () => {
      const first = window.messages[0];
      const page = await client.messages({ conversation, ...(first === undefined ? {} : { beforeOrder: first.order }), limit: PAGE_SIZE });
      put(withOlder(current.current ?? window, page), true);
    });
  }, [client, conversation, once, put]);

  const loadNewer = useCallback(() => {
    const window = current.current;
    const last = window?.messages.at(-1);
    if (window === undefined || !window.hasNewer || last === undefined) return;
    void once(async () => {
      const page = await client.messages({ conversation, afterOrder: last.order, limit: PAGE_SIZE });
      put(withNewer(current.current ?? window, page));
    });
  }, [client, conversation, once, put]);

  /** Something in this conversation changed: ask for the loaded part again. */
  const refresh = useCallback(
    function again(): void {
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        const window = current.current;
        if (window === undefined) return;
        const last = window.messages.at(-1);
        const limit = Math.max(PAGE_SIZE, window.messages.length);
        const end = window.hasNewer && last !== undefined ? { beforeOrder: last.order + 1 } : {};
        client
          .messages({ conversation, ...end, limit })
          .then((page) => {
            // What moved on meanwhile is asked for again: a page must not be joined to another part.
            if (current.current === window) put(refreshed(window, page));
            else again();
          })
          .catch(() => undefined);
      }, REFRESH_AFTER_MS);
    },
    [client, conversation, put],
  );

  useClientEvents((event) => {
    if (event.type === "messages" && event.conversation === conversation) refresh();
    if (event.type === "message" && event.message.conversation === conversation && current.current !== undefined)
      put(withMessage(current.current, event.message));
  });

  return { ...view, loadOlder, loadNewer, showEnd, showAround };
}
