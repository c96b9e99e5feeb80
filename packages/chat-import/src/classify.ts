/** What one message is: a system line, a text, a medium or a deleted message. Pure; looks at one message alone. */
import { findAttachment } from "./attachment-name.ts";
import type { Attachment, MessageKind } from "./imported-chat.ts";
import { isMarked, trimmed } from "./marks.ts";
import { isMediaOmitted } from "./media-phrases.ts";
import { deletedBy, withoutEditedMark } from "./phrases.ts";
import { isSystemSentence } from "./system-phrases.ts";
import { splitSender } from "./sender-split.ts";

export interface Classified {
  readonly kind: MessageKind;
  readonly sender?: string;
  readonly text: string;
  readonly attachment?: Attachment;
  readonly edited: boolean;
  /** The words "you deleted this message": its sender made the export. */
  readonly bySelf: boolean;
  /** A text that WhatsApp marked as its own: a system line of a group, or a call or place in a chat of two. */
  readonly marked: boolean;
}

export interface ClassifyContext {
  /** An iPhone's export. */
  readonly bracketed: boolean;
  readonly knownSenders?: ReadonlySet<string>;
  /** Set for groups: iPhones write a group's system lines in its name. */
  readonly groupTitle?: string;
}

export function classify(body: string, context: ClassifyContext): Classified {
  if (context.bracketed) {
    // iPhones write system lines in somebody's name; a group's name is no participant, so it is looked for first.
    const first = splitSender(body);
    const said = first === undefined ? "" : body.slice(first.textAt);
    if (isMarked(said) && ((first !== undefined && first.sender === context.groupTitle) || isSystemSentence(said))) return system(said);
  }
  const split = splitSender(body, context.knownSenders);
  if (split === undefined) return system(body);
  const { sender } = split;
  const written = body.slice(split.textAt);
  const marked = isMarked(written);
  const unmarked = withoutEditedMark(written);
  const edited = unmarked !== undefined;
  const text = unmarked ?? written;
  const deleted = deletedBy(text);
  if (deleted !== undefined) return { kind: "deleted", sender, text: "", edited: false, bySelf: deleted === "self", marked };
  const found = findAttachment(text);
  if (found !== undefined) {
    return { kind: "media", sender, text: found.caption, attachment: found.attachment, edited, bySelf: false, marked };
  }
  const caption = captionOfOmitted(text, marked);
  if (caption !== undefined) return { kind: "media", sender, text: caption, edited, bySelf: false, marked };
  return { kind: "text", sender, text: trimmed(text), edited, bySelf: false, marked };
}

const system = (body: string): Classified => ({ kind: "system", text: trimmed(body), edited: false, bySelf: false, marked: true });

/** Android: "<Media omitted>", the caption below. iPhone: the caption, then "‎image omitted". */
function captionOfOmitted(text: string, marked: boolean): string | undefined {
  const firstEnd = text.indexOf("\n");
  if (firstEnd < 0) return isMediaOmitted(text, marked) ? "" : inlineOmitted(text);
  if (isMediaOmitted(text.slice(0, firstEnd), marked)) return trimmed(text.slice(firstEnd + 1));
  return inlineOmitted(text);
}

function inlineOmitted(text: string): string | undefined {
  const mark = text.lastIndexOf("\u200e");
  if (mark <= 0) return undefined;
  return isMediaOmitted(text.slice(mark), true) ? trimmed(text.slice(0, mark)) : undefined;
}
