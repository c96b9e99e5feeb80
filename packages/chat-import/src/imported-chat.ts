/** What an import yields. Shapes only. */
import type { MessageId } from "@hawser/base";
import type { DateOrderDecision } from "./date-order.ts";

export type MessageKind = "text" | "media" | "system" | "deleted";

export interface Attachment {
  /** A bare file name: no folders, no control characters. */
  readonly fileName: string;
  /** From the extension; absent when unknown. */
  readonly mediaType?: string;
}

export interface ImportedMessage {
  /** 0-based place in this file. Orders messages of the same minute; differs between two exports of one chat. */
  readonly indexInFile: number;
  /** The same for the same message of the same chat in every export (see content-id.ts). */
  readonly contentId: MessageId;
  /** Absent for system lines. */
  readonly sender?: string;
  readonly sentAtMs: number;
  /** The text, or a medium's caption. Empty for deleted messages. */
  readonly text: string;
  readonly kind: MessageKind;
  /** Absent when the export left the medium out. */
  readonly attachment?: Attachment;
  readonly edited: boolean;
}

export interface ImportedChat {
  readonly title?: string;
  readonly participants: readonly string[];
  readonly dateOrder: DateOrderDecision;
  readonly messages: readonly ImportedMessage[];
}

export interface MessageBatch {
  readonly messages: readonly ImportedMessage[];
  readonly consumedBytes: number;
  readonly totalBytes: number;
}

export interface ImportProgress {
  /** `survey`: finding the date order and the participants; `messages`: the messages themselves. */
  readonly phase: "survey" | "messages";
  readonly consumedBytes: number;
  readonly totalBytes: number;
}
