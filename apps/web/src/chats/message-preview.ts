/** What a message is in a word or a line: in lists, quotes and announcements, and where nothing of it was kept. */
import type { AttachmentView, MessageView } from "@hawser/sdk";
import type { Translate } from "@hawser/ui";

/**
 * What an imported line stands for when its export kept nothing of it: a medium that was left out, or a deleted message. Only
 * imports store such lines; the composer sends no empty message.
 */
export function absenceOf(message: MessageView): "mediaOmitted" | "deleted" | undefined {
  if (message.text !== "" || message.notice !== undefined || message.attachments.length > 0 || message.kind === "undecryptable")
    return undefined;
  return message.kind === "system" ? "deleted" : "mediaOmitted";
}

/** A file that an export names and does not bring: no device has its bytes. */
export const isOmitted = (attachment: AttachmentView): boolean =>
  attachment.sizeBytes === 0 && attachment.blob === undefined && !attachment.local;

export function previewOf(message: MessageView, t: Translate): string {
  if (message.kind === "undecryptable") return t("message.waiting");
  if (message.notice !== undefined) return t(`notice.${message.notice}`);
  const gone = absenceOf(message);
  if (gone !== undefined) return t(`message.${gone}`);
  if (message.text !== "") return message.text.replace(/\s+/g, " ").slice(0, 200);
  const first = message.attachments[0];
  if (first === undefined) return "";
  if (message.attachments.length > 1) return t("message.attachments", { count: message.attachments.length });
  if (first.mediaType.startsWith("image/")) return t("message.photo");
  if (first.mediaType.startsWith("video/")) return t("message.video");
  if (first.mediaType.startsWith("audio/")) return t("message.audio");
  return first.fileName === "" ? t("message.file") : first.fileName;
}
