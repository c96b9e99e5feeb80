/** One conversation in the list: who, what last, when, how many unread. */
import type { ConversationSummary } from "@hawser/sdk";
import { Avatar, DeliveryMark, fullTime, Icon, listTime, useText } from "@hawser/ui";
import { memo, type MouseEvent } from "react";
import { formatRoute, goChat } from "../app/router.ts";
import { previewOf } from "./message-preview.ts";

interface ChatRowProperties {
  readonly chat: ConversationSummary;
  readonly isCurrent: boolean;
  readonly nowMs: number;
  readonly index: number;
}

export const ChatRow = memo(function ChatRow({ chat, isCurrent, nowMs, index }: ChatRowProperties) {
  const { t, locale } = useText();
  const { last, draft, unread } = chat;
  const isMuted = chat.mutedUntilMs > nowMs;
  const showsState = last !== undefined && last.outgoing && last.kind === "text" && last.status !== "received" && draft === "";
  const open = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    goChat(chat.id);
  };
  return (
    <a
      href={formatRoute({ page: "chat", conversation: chat.id, around: undefined })}
      className={unread > 0 ? "chat-row chat-row-unread" : "chat-row"}
      aria-current={isCurrent ? "true" : undefined}
      data-row={index}
      onClick={open}
    >
      <Avatar id={chat.id} name={chat.title} size={50} />
      <span className="chat-words">
        <span className="chat-line">
          <span className="chat-title" dir="auto">
            {chat.title}
          </span>
          {last !== undefined && (
            <time className="chat-time numeric" dateTime={new Date(last.sentAtMs).toISOString()} title={fullTime(last.sentAtMs, locale)}>
              {listTime(last.sentAtMs, nowMs, locale, t("day.yesterday"))}
            </time>
          )}
        </span>
        <span className="chat-line">
          {showsState && <DeliveryMark state={last.status} label={t(`status.${last.status}`)} />}
          <span className="chat-last" dir="auto">
            {draft !== "" ? (
              <>
                <span className="draft">{t("chat.draft")}</span> {draft}
              </>
            ) : chat.isRequest ? (
              t("chat.request")
            ) : (
              last && previewOf(last, t)
            )}
          </span>
          {isMuted && <Icon name="mute" size={15} />}
          {chat.pinned && <Icon name="pin" size={15} />}
          {unread > 0 && (
            <span className={isMuted ? "badge badge-muted" : "badge"} aria-label={t("chat.unread", { count: unread })}>
              {unread > 999 ? "999+" : unread}
            </span>
          )}
        </span>
      </span>
    </a>
  );
});
