/** Finds an attachment in a message's text, and what its name says. */
import type { Attachment } from "./imported-chat.ts";
import { MAX_FILE_NAME_CHARS } from "./limits.ts";
import { isMarked, plain, trimmed, withoutMarks } from "./marks.ts";
import { ATTACHED_WORDS } from "./media-phrases.ts";

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  gif: "image/gif",
  webp: "image/webp",
  heic: "image/heic",
  mp4: "video/mp4",
  mov: "video/quicktime",
  "3gp": "video/3gpp",
  mkv: "video/x-matroska",
  webm: "video/webm",
  opus: "audio/ogg",
  ogg: "audio/ogg",
  m4a: "audio/mp4",
  mp3: "audio/mpeg",
  aac: "audio/aac",
  amr: "audio/amr",
  wav: "audio/wav",
  pdf: "application/pdf",
  vcf: "text/vcard",
  txt: "text/plain",
  csv: "text/csv",
  zip: "application/zip",
  doc: "application/msword",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  xls: "application/vnd.ms-excel",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  ppt: "application/vnd.ms-powerpoint",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
};

/** A name that names a file in one folder and nothing else. */
export function isBareFileName(name: string): boolean {
  return name.length > 0 && name.length <= MAX_FILE_NAME_CHARS && name !== "." && name !== ".." && !/[/\\:\p{Cc}]/u.test(name);
}

export function attachmentOf(fileName: string): Attachment {
  const extension = fileName.slice(fileName.lastIndexOf(".") + 1).toLowerCase();
  const mediaType = Object.hasOwn(MEDIA_TYPES, extension) ? MEDIA_TYPES[extension] : undefined;
  return mediaType === undefined ? { fileName } : { fileName, mediaType };
}

export interface FoundAttachment {
  readonly attachment: Attachment;
  readonly caption: string;
}

const ANDROID_NAME = /^(?:IMG|VID|AUD|PTT|STK|DOC|GIF)-\d{8}-WA\d{4,}\.\w{1,8}$/u;
const IOS_NAME = /^\d{8}-[^/\\]+\.\w{1,8}$|^\d{4}-\d\d-\d\d-[A-Z]+-\d{8}\.\w{1,8}$/u;
const HAS_EXTENSION = /\.\w{1,8}$/u;

/**
 * `text` is a whole message. A name counts when WhatsApp's own words or marks stand with it, or when it has the form of
 * WhatsApp's own names; so "notes.txt (draft)" stays text.
 */
export function findAttachment(text: string): FoundAttachment | undefined {
  return androidAttachment(text) ?? iosAttachment(text);
}

/** "IMG-20231231-WA0001.jpg (file attached)", the caption on the lines below. */
function androidAttachment(text: string): FoundAttachment | undefined {
  const lineEnd = text.indexOf("\n");
  const first = lineEnd < 0 ? text : text.slice(0, lineEnd);
  const line = trimmed(first);
  if (!line.endsWith(")") || line.length > MAX_FILE_NAME_CHARS + 64) return undefined;
  const open = line.lastIndexOf(" (");
  if (open <= 0) return undefined;
  const fileName = withoutMarks(line.slice(0, open)).trim();
  const word = plain(line.slice(open + 2, -1));
  if (!isBareFileName(fileName) || !HAS_EXTENSION.test(fileName)) return undefined;
  if (!ATTACHED_WORDS.has(word) && !ANDROID_NAME.test(fileName) && !isMarked(first)) return undefined;
  return { attachment: attachmentOf(fileName), caption: lineEnd < 0 ? "" : trimmed(text.slice(lineEnd + 1)) };
}

/** "caption ‎<attached: 00000012-PHOTO-2023-12-31-23-59-01.jpg>", and the older "2017-….jpg <‎attached>". */
function iosAttachment(text: string): FoundAttachment | undefined {
  const whole = trimmed(text);
  if (!whole.endsWith(">")) return undefined;
  const open = whole.lastIndexOf("<");
  if (open < 0 || whole.length - open > MAX_FILE_NAME_CHARS + 64) return undefined;
  const inner = withoutMarks(whole.slice(open + 1, -1));
  const before = whole.slice(0, open);
  const colon = inner.search(/\s?[:：]/u);
  if (colon < 0) {
    const fileName = withoutMarks(before).trim();
    const known = ATTACHED_WORDS.has(plain(inner)) && isBareFileName(fileName) && HAS_EXTENSION.test(fileName);
    return known ? { attachment: attachmentOf(fileName), caption: "" } : undefined;
  }
  const word = plain(inner.slice(0, colon));
  const fileName = inner
    .slice(colon)
    .replace(/^\s?[:：]/u, "")
    .trim();
  if (!isBareFileName(fileName) || !HAS_EXTENSION.test(fileName)) return undefined;
  const marked = before.endsWith("\u200e") || (before === "" && isMarked(text));
  if (!ATTACHED_WORDS.has(word) && !IOS_NAME.test(fileName) && !marked) return undefined;
  return { attachment: attachmentOf(fileName), caption: trimmed(before) };
}

/** The day inside WhatsApp's own names: IMG-20231231-WA0001.jpg, 00000012-PHOTO-2023-12-31-23-59-01.jpg. */
export function dateInFileName(fileName: string): { year: number; month: number; day: number } | undefined {
  const match = /^[A-Z]{3}-(20\d\d)(\d\d)(\d\d)-WA/u.exec(fileName) ?? /(?:^|-)(20\d\d)-(\d\d)-(\d\d)-/u.exec(fileName);
  return match === null ? undefined : { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) };
}
