/** One message: its text, what it answers, what is attached, when it was sent and how far it got. */
import type { MessageId } from "@hawser/base";
import type { MessageView } from "@hawser/sdk";
import { clockTime, DeliveryMark, fullTime, hueOf, Icon, IconButton, useText } from "@hawser/ui";
import { memo, type CSSProperties } from "react";
import { AttachmentPart } from "./attachment-views.tsx";
import { absenceOf } from "./message-preview.ts";
import { isOnlyEmoji } from "./thread-items.ts";

const ABSENCE_ICONS = { mediaOmitted: "image", deleted: "block" } as const;

export interface MessageActions {
  readonly reply: (message: MessageView) => void;
  readonly copy: (message: MessageView) => void;
  readonly retry: (message: MessageView) => void;
  readonly show: (message: MessageId) => void;
}

interface BubbleProperties {
  readonly message: MessageView;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly isFlashing: boolean;
  /** Whether the sender's name stands above: chats of several people. */
  readonly showsSender: boolean;
  readonly canReply: boolean;
  readonly actions: MessageActions;
}

export const MessageBubble = memo(function MessageBubble({
  message,
  isFirst,
  isLast,
  isFlashing,
  showsSender,
  canReply,
  actions,
}: BubbleProperties) {
  const { t, locale } = useText();
  const gone = absenceOf(message);
  if (message.kind === "system" && gone === undefined) {
    return (
      <div className="system-line">
        <span dir="auto">{message.notice === undefined ? message.text : t(`notice.${message.notice}`)}</span>
      </div>
    );
  }
  const side = message.outgoing ? "message-out" : "message-in";
  const classes = ["message", side, isFirst && "message-first", isLast && "message-last", isFlashing && "message-flash"]
    .filter(Boolean)
    .join(" ");
  return (
    <article
      className={classes}
      aria-label={t("message.label", {
        sender: message.outgoing ? t("message.you") : message.senderName,
        time: clockTime(message.sentAtMs, locale),
      })}
    >
      <div className="bubble">
        {showsSender && isFirst && !message.outgoing && (
          <span className="sender" dir="auto" style={{ "--hue": hueOf(message.senderName) } as CSSProperties}>
            {message.senderName}
          </span>
        )}
        {message.quoted !== undefined && (
          <button type="button" className="quote" onClick={() => actions.show(message.quoted!.id)}>
            <b dir="auto">{message.quoted.senderName === "" ? t("message.you") : message.quoted.senderName}</b>
            <span dir="auto">{message.quoted.text === "" ? t("message.attachment") : message.quoted.text}</span>
          </button>
        )}
        {message.attachments.map((attachment) => (
          <AttachmentPart key={attachment.index} message={message.id} attachment={attachment} />
        ))}
        {message.kind === "undecryptable" || gone !== undefined ? (
          <span className="bubble-missing">
            <Icon name={gone === undefined ? "clock" : ABSENCE_ICONS[gone]} size={17} />
            {t(gone === undefined ? "message.waiting" : `message.${gone}`)}
          </span>
        ) : (
          message.text !== "" && (
            <span className={isOnlyEmoji(message.text) ? "bubble-text bubble-text-emoji" : "bubble-text"} dir="auto">
              {linked(message.text)}
            </span>
          )
        )}
        <span className="bubble-meta">
          <time dateTime={new Date(message.sentAtMs).toISOString()} title={fullTime(message.sentAtMs, locale)}>
            {clockTime(message.sentAtMs, locale)}
          </time>
          {message.outgoing && message.status !== "received" && (
            <DeliveryMark state={message.status} label={t(`status.${message.status}`)} />
          )}
        </span>
        {message.status === "failed" && (
          <button type="button" className="retry-line" onClick={() => actions.retry(message)}>
            {t("message.failed")} {t("action.retry")}
          </button>
        )}
        <span className="message-tools">
          {canReply && <IconButton icon="reply" flip label={t("action.reply")} onClick={() => actions.reply(message)} />}
          {message.text !== "" && <IconButton icon="copy" label={t("action.copy")} onClick={() => actions.copy(message)} />}
        </span>
      </div>
    </article>
  );
});

const ADDRESS = /\bhttps?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}]/g;

/** Web addresses become links; everything else stays exactly as written. */
function linked(text: string): React.ReactNode {
  const parts: React.ReactNode[] = [];
  let at = 0;
  for (const match of text.matchAll(ADDRESS)) {
    parts.push(
      text.slice(at, match.index),
      <a key={match.index} href={match[0]} target="_blank" rel="noopener noreferrer nofollow" dir="ltr">
        {match[0]}
      </a>,
    );
    at = match.index + match[0].length;
  }
  return at === 0 ? text : [...parts, text.slice(at)];
}
