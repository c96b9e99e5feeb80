/** The list of conversations, loaded in pages as it is scrolled, so that five thousand chats cost what fifty cost. */
import type { ConversationSummary } from "@hawser/sdk";
import { useCallback, useEffect, useRef, useState } from "react";
import { useClient, useClientEvents } from "../app/client-context.tsx";

const PAGE_SIZE = 40;
const REFRESH_AT_MOST_EVERY_MS = 200;

export interface ConversationList {
  /** `undefined` until the first answer. */
  readonly total: number | undefined;
  readonly at: (index: number) => ConversationSummary | undefined;
  readonly need: (first: number, last: number) => void;
}

export function useConversations(archived: boolean): ConversationList {
  const client = useClient();
  const [pages, setPages] = useState<{
    readonly total: number | undefined;
    readonly byNumber: ReadonlyMap<number, readonly ConversationSummary[]>;
  }>({ total: undefined, byNumber: new Map() });
  const wanted = useRef({ first: 0, last: 0 });
  const asked = useRef(new Set<number>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const fetchPage = useCallback(
    async (number: number) => {
      try {
        const { total, items } = await client.conversations({ archived, offset: number * PAGE_SIZE, limit: PAGE_SIZE });
        setPages((before) => ({ total, byNumber: new Map(before.byNumber).set(number, items) }));
      } catch {
        asked.current.delete(number);
      }
    },
    [client, archived],
  );

  const need = useCallback(
    (first: number, last: number) => {
      wanted.current = { first, last };
      for (let number = Math.floor(first / PAGE_SIZE); number <= Math.floor(last / PAGE_SIZE); number++) {
        if (asked.current.has(number)) continue;
        asked.current.add(number);
        void fetchPage(number);
      }
    },
    [fetchPage],
  );

  useEffect(() => {
    asked.current = new Set();
    // oxlint-disable-next-line react/set-state-in-effect -- another list: nothing of the one before may be shown
    setPages({ total: undefined, byNumber: new Map() });
    need(0, PAGE_SIZE - 1);
    return () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [need]);

  useClientEvents((event) => {
    if (event.type !== "conversations" && event.type !== "message" && event.type !== "contacts") return;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      const { first, last } = wanted.current;
      // Pages out of sight are asked for again when they come into it.
      asked.current = new Set();
      need(first, last);
    }, REFRESH_AT_MOST_EVERY_MS);
  });

  return {
    total: pages.total,
    at: (index) => pages.byNumber.get(Math.floor(index / PAGE_SIZE))?.[index % PAGE_SIZE],
    need,
  };
}
