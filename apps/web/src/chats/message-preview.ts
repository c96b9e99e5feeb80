/** One line for a message, in lists, quotes and announcements. */
import type { MessageView } from "@hawser/sdk";
import type { Translate } from "@hawser/ui";

export function previewOf(message: MessageView, t: Translate): string {
  if (message.kind === "undecryptable") return t("message.waiting");
  if (message.text !== "") return message.text.replace(/\s+/g, " ").slice(0, 200);
  const first = message.attachments[0];
  if (first === undefined) return "";
  if (message.attachments.length > 1) return t("message.attachments", { count: message.attachments.length });
  if (first.mediaType.startsWith("image/")) return t("message.photo");
  if (first.mediaType.startsWith("video/")) return t("message.video");
  if (first.mediaType.startsWith("audio/")) return t("message.audio");
  return first.fileName === "" ? t("message.file") : first.fileName;
}
