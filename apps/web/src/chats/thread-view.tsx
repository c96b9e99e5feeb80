/**
 * The messages of a conversation: anchored at the bottom, paged both ways, nothing jumps. Invariant: while the person reads
 * older messages nothing that arrives moves what they look at; at the end, new messages push up.
 */
import type { MessageId } from "@hawser/base";
import type { ConversationSummary, MessageView } from "@hawser/sdk";
import { dayTitle, Icon, useText } from "@hawser/ui";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { useClient } from "../app/client-context.tsx";
import { useNow } from "../app/now.ts";
import { OlderMessages } from "../syncing/older-messages.tsx";
import { MessageBubble, type MessageActions } from "./message-bubble.tsx";
import { threadItems, type ThreadItem } from "./thread-items.ts";
import type { Thread } from "./use-thread.ts";

/** Closer to an edge than this, the next page is fetched: a few flicks ahead of the person. */
const NEAR_EDGE_PX = 2_400;
const AT_END_PX = 60;
const FLASH_MS = 1_800;
/** After the first placing, sizes are still being measured; what scrolls then is not the person. */
const SETTLED_AFTER_MS = 250;

/** From the top of the view to below the floating day. */
const STICKY_DAY_PX = 48;

/** A message to go to; `jump` rises so that the same one can be gone to again. */
export interface JumpTarget {
  readonly id: MessageId;
  readonly jump: number;
}

interface ThreadProperties {
  readonly chat: ConversationSummary;
  readonly thread: Thread;
  readonly target: JumpTarget | undefined;
  readonly firstUnread: MessageId | undefined;
  readonly actions: MessageActions;
}

export function ThreadView({ chat, thread, target, firstUnread, actions }: ThreadProperties) {
  const { t, locale } = useText();
  const client = useClient();
  const now = useNow(60_000);
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const isAtEnd = useRef(true);
  const lastOffset = useRef(0);
  const [isAway, setAway] = useState(false);
  const [stickyDay, setStickyDay] = useState<{ readonly timeMs: number; readonly isShown: boolean }>({ timeMs: 0, isShown: false });
  const [flashing, setFlashing] = useState<string>();
  const { window, isPrepending } = thread;
  // The beginning is an item of the list: anything above the list would falsify its offsets.
  const items = useMemo<ThreadItem[]>(() => {
    const found = threadItems(window?.messages ?? [], firstUnread);
    return window?.hasOlder === false ? [{ type: "start", key: "start" }, ...found] : found;
  }, [window, firstUnread]);
  const words = { today: t("day.today"), yesterday: t("day.yesterday") };
  const indexOf = useCallback((id: string): number => items.findIndex((item) => item.key === id), [items]);

  // The first place: the message that was asked for, else the unread line, else the end.
  const placed = useRef<string>(undefined);
  const placedAt = useRef(0);
  useLayoutEffect(() => {
    if (items.length === 0) return;
    const wish = target === undefined ? "" : `${target.id}/${target.jump}`;
    if (placed.current === wish) return;
    const index = target === undefined ? indexOf("unread") : indexOf(target.id);
    if (target !== undefined && index < 0 && placed.current !== undefined) return;
    placed.current = wish;
    placedAt.current = performance.now();
    if (index < 0) list.current?.scrollToIndex(items.length - 1, { align: "end" });
    else {
      isAtEnd.current = false;
      list.current?.scrollToIndex(index, { align: target === undefined ? "start" : "center" });
      // oxlint-disable-next-line react/set-state-in-effect -- starts with the scrolling it belongs to
      if (target !== undefined) setFlashing(target.id);
    }
  }, [items, target, indexOf]);

  useEffect(() => {
    if (flashing === undefined) return undefined;
    const timer = setTimeout(() => setFlashing(undefined), FLASH_MS);
    return () => clearTimeout(timer);
  }, [flashing]);

  // New messages at the end keep the end in sight, when it was.
  const lastId = window?.messages.at(-1)?.id;
  const lastIsOwn = window?.messages.at(-1)?.outgoing === true;
  const seenLast = useRef(lastId);
  useLayoutEffect(() => {
    const isNew = lastId !== seenLast.current;
    seenLast.current = lastId;
    if (
      items.length > 0 &&
      placed.current !== undefined &&
      !window?.hasNewer &&
      (isAtEnd.current || (isNew && lastIsOwn && !isPrepending))
    ) {
      list.current?.scrollToIndex(items.length - 1, { align: "end" });
    }
  }, [items, lastId, lastIsOwn, isPrepending, window?.hasNewer]);

  // Whatever changes a height at the end (a picture, the composer, the keyboard) leaves the end in sight.
  const content = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const stick = new ResizeObserver(() => {
      const node = scroller.current;
      if (node !== null && placed.current !== undefined && isAtEnd.current) node.scrollTop = node.scrollHeight;
    });
    stick.observe(scroller.current!);
    stick.observe(content.current!);
    return () => stick.disconnect();
  }, []);

  // Read marks: only what stands before a person who looks.
  const newestIncoming = window?.hasNewer ? undefined : window?.messages.findLast((message) => !message.outgoing);
  const markRead = useCallback(() => {
    if (
      newestIncoming !== undefined &&
      isAtEnd.current &&
      document.visibilityState === "visible" &&
      document.hasFocus() &&
      !chat.isRequest
    ) {
      void client.markRead(chat.id, newestIncoming.id).catch(() => undefined);
    }
  }, [client, chat.id, chat.isRequest, newestIncoming]);
  useEffect(() => {
    if (chat.unread > 0) markRead();
    addEventListener("focus", markRead);
    return () => removeEventListener("focus", markRead);
  }, [markRead, chat.unread]);

  // A chat that fits into the view never scrolls: its end is seen without.
  const end = useRef<HTMLDivElement>(null);
  const hasNewer = window?.hasNewer !== false;
  useEffect(() => {
    const watch = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting !== true || hasNewer || placed.current === undefined) return;
        isAtEnd.current = true;
        markRead();
      },
      { root: scroller.current, rootMargin: `0px 0px ${AT_END_PX}px 0px` },
    );
    watch.observe(end.current!);
    return () => watch.disconnect();
  }, [markRead, hasNewer]);

  const hideTimer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const settleTimer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latestScrolled = useRef<(offset: number) => void>(undefined);
  const scrolled = useCallback(
    (offset: number) => {
      const view = list.current;
      if (view === null) return;
      const fromEnd = view.scrollSize - offset - view.viewportSize;
      // Only going up leaves the end; growing content does not.
      const wentUp = offset < lastOffset.current;
      lastOffset.current = offset;
      const atEnd = !window?.hasNewer && (fromEnd < AT_END_PX || (isAtEnd.current && !wentUp));
      if (atEnd && !isAtEnd.current) markRead();
      isAtEnd.current = atEnd;
      setAway(fromEnd > 400 || window?.hasNewer === true);
      const isSettled = placed.current !== undefined && performance.now() - placedAt.current > SETTLED_AFTER_MS;
      clearTimeout(settleTimer.current);
      // A fling that ends at an edge before that makes no further event: it is looked at again.
      if (!isSettled && placed.current !== undefined)
        settleTimer.current = setTimeout(() => latestScrolled.current?.(view.scrollOffset), SETTLED_AFTER_MS);
      if (isSettled && offset < NEAR_EDGE_PX) thread.loadOlder();
      if (isSettled && fromEnd < NEAR_EDGE_PX) thread.loadNewer();
      const top = items[view.findItemIndex(offset + 12)];
      const timeMs = top?.type === "message" ? top.message.sentAtMs : top?.type === "day" ? top.timeMs : undefined;
      // At the beginning, what is said there stands in its place.
      if (timeMs === undefined) return setStickyDay((day) => ({ ...day, isShown: false }));
      // Near the day's own separator the floating one would be the same words once more.
      setStickyDay({ timeMs, isShown: !isDayUnder(items, view, offset) });
      clearTimeout(hideTimer.current);
      hideTimer.current = setTimeout(() => setStickyDay((day) => ({ ...day, isShown: false })), 1_400);
    },
    [items, thread, window, markRead],
  );
  useEffect(() => {
    latestScrolled.current = scrolled;
  }, [scrolled]);
  useEffect(() => () => clearTimeout(settleTimer.current), []);

  const toEnd = (): void => {
    const stick = (): void => {
      isAtEnd.current = true;
      requestAnimationFrame(() =>
        list.current?.scrollToIndex(items.length - 1, {
          align: "end",
          smooth: !window?.hasNewer && !matchMedia("(prefers-reduced-motion: reduce)").matches,
        }),
      );
    };
    if (window?.hasNewer) void thread.showEnd().then(stick);
    else stick();
  };

  const isGroup = useMemo(
    () =>
      new Set(window?.messages.filter((message) => !message.outgoing).map((message) => message.senderName)).size > 1 ||
      chat.contact === undefined,
    [window, chat.contact],
  );
  const render = (item: ThreadItem, index: number): React.ReactElement => (
    <div className={index === items.length - 1 ? "thread-item thread-item-last" : "thread-item"} key={item.key}>
      {item.type === "start" ? (
        <div className="system-line" style={{ paddingBlock: 20 }}>
          {chat.historyComplete ? <span>{beginning(chat, window?.messages ?? [], t)}</span> : <OlderMessages chat={chat} />}
        </div>
      ) : item.type === "day" ? (
        <div className="day" role="separator">
          <span>{dayTitle(item.timeMs, now, locale, words)}</span>
        </div>
      ) : item.type === "unread" ? (
        <div className="unread-line" role="separator">
          {t("chat.unreadLine")}
        </div>
      ) : (
        <MessageBubble
          message={item.message}
          isFirst={item.isFirst}
          isLast={item.isLast}
          isFlashing={item.key === flashing}
          showsSender={isGroup}
          canReply={chat.contact !== undefined && item.message.kind === "text"}
          actions={actions}
        />
      )}
    </div>
  );

  return (
    <div className="thread">
      <div className={stickyDay.isShown ? "sticky-day sticky-day-shown" : "sticky-day"} aria-hidden="true">
        <span>{stickyDay.timeMs > 0 && dayTitle(stickyDay.timeMs, now, locale, words)}</span>
      </div>
      {/* A region that scrolls must be reachable by keyboard. */}
      <div
        className="thread-scroll"
        ref={scroller}
        tabIndex={0}
        role="log"
        aria-label={t("chat.messagesOf", { name: chat.title })}
        aria-live="polite"
        style={{ display: "flex", flexDirection: "column" }}
      >
        <div style={{ flexGrow: 1 }} />
        <div ref={content} className="thread-content">
          <Virtualizer ref={list} scrollRef={scroller} data={items} shift={isPrepending} onScroll={scrolled} bufferSize={600}>
            {render}
          </Virtualizer>
        </div>
        <div ref={end} style={{ flex: "none", blockSize: 1 }} />
      </div>
      {isAway && (
        <button type="button" className="jump" aria-label={t("chat.toEnd")} onClick={toEnd}>
          <Icon name="down" />
          {chat.unread > 0 && <span className="badge">{chat.unread}</span>}
        </button>
      )}
    </div>
  );
}

/** Whether a separator stands, in part, where the floating day is drawn. */
function isDayUnder(items: readonly ThreadItem[], view: VirtualizerHandle, offset: number): boolean {
  const last = view.findItemIndex(offset + STICKY_DAY_PX);
  for (let index = view.findItemIndex(offset); index <= last; index++) if (items[index]?.type === "day") return true;
  return false;
}

function beginning(chat: ConversationSummary, messages: readonly MessageView[], t: ReturnType<typeof useText>["t"]): string {
  return chat.contact === undefined ? t("chat.importedStart") : messages.length === 0 ? t("chat.emptyStart") : t("chat.start");
}
