/**
 * Why a file was refused. A person sees the UI catalogue's text for `kind`; nothing of the file's content is in here, so
 * an error is safe to log.
 */
export type ImportErrorKind =
  // the text
  | "empty-file"
  | "utf-16"
  | "not-utf8"
  | "not-a-chat"
  | "unsupported-calendar"
  | "date-order-contradicted"
  | "file-too-large"
  | "line-too-long"
  | "message-too-long"
  | "too-many-messages"
  | "too-many-participants"
  // the zip
  | "truncated-zip"
  | "malformed-zip"
  | "encrypted-zip"
  | "unsupported-zip"
  | "zip-bomb"
  | "too-many-entries"
  | "unsafe-path"
  | "duplicate-entry"
  | "overlapping-entries"
  | "corrupt-entry"
  | "nested-zip"
  | "no-chat-text"
  | "several-chat-texts"
  | "no-such-attachment"
  // the place the bytes come from
  | "source-changed";

export interface ImportError {
  readonly kind: ImportErrorKind;
  /** 1-based line of the chat's text. */
  readonly line?: number;
  /** Byte offset: in the zip for its errors, in the text for `not-utf8`. */
  readonly offsetBytes?: number;
}

export const atLine = (kind: ImportErrorKind, line: number): ImportError => ({ kind, line });
export const atOffset = (kind: ImportErrorKind, offsetBytes: number): ImportError => ({ kind, offsetBytes });
