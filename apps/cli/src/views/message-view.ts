/** A message as an event and as a line. */
import type { MessageView } from "@hawser/sdk";
import type { CliEvent } from "../json-events.ts";
import type { Paint } from "../terminal/paint.ts";
import { safeName, safeText } from "../terminal/safe-text.ts";
import { formatShortTime } from "../terminal/times.ts";

const MARKS: Readonly<Record<MessageView["status"], string>> = {
  queued: "…",
  sent: "✓",
  delivered: "✓✓",
  read: "✓✓ read",
  failed: "✗ not sent",
  received: "",
};

const NOTICES: Readonly<Record<NonNullable<MessageView["notice"]>, string>> = {
  "device-list-chosen": "You chose which of two device lists of this person to trust. Compare safety numbers again.",
};

export function messageFields(message: MessageView): Omit<Extract<CliEvent, { event: "message" }>, "event"> {
  const { id, conversation, outgoing, senderName, text, sentAtMs, status, kind, attachments } = message;
  const files = attachments.map(({ index, fileName, mediaType, sizeBytes }) => ({ index, fileName, mediaType, sizeBytes }));
  return { id, chat: conversation, outgoing, sender: senderName, text, sentAtMs, status, kind, files };
}

/** `20:41  Ben (demo): Hello` with its files below; `chatTitle` where lines of several chats are mixed. */
export function messageLine(message: MessageView, paint: Paint, nowMs: number, chatTitle?: string): string {
  const time = paint.dim(formatShortTime(message.sentAtMs, nowMs));
  const sender = safeName(message.senderName);
  const who = message.outgoing ? `You${chatTitle === undefined ? "" : ` → ${safeName(chatTitle)}`}` : sender || safeName(chatTitle ?? "");
  const place =
    chatTitle === undefined || message.outgoing || safeName(chatTitle) === sender || sender === ""
      ? ""
      : paint.dim(` (${safeName(chatTitle)})`);
  const mark = message.outgoing ? paint.dim(`  ${MARKS[message.status]}`) : "";
  const text =
    message.kind === "undecryptable"
      ? paint.dim("(cannot be read yet; asked the sender to send it again)")
      : message.notice === undefined
        ? safeText(message.text)
        : NOTICES[message.notice];
  const files = message.attachments.map(
    (file) => `\n    📎 ${safeName(file.fileName) || "file"} ${paint.dim(`${safeName(file.mediaType)}, ${formatSize(file.sizeBytes)}`)}`,
  );
  if (message.kind === "system") return `${time}  ${paint.dim(`— ${text}`)}`;
  return `${time}  ${paint.bold(who)}${place}: ${text}${mark}${files.join("")}`;
}

export function formatSize(sizeBytes: number): string {
  if (sizeBytes < 1_024) return `${sizeBytes} B`;
  if (sizeBytes < 1_048_576) return `${Math.round(sizeBytes / 1_024)} KiB`;
  return `${(sizeBytes / 1_048_576).toFixed(1)} MiB`;
}
