/**
 * What history needs from a message store. Positions are opaque to this package: the store gives them out and takes them back.
 */
import type { Bytes } from "@hawser/base";
import type { HistoryConversation } from "@hawser/wire";

/** Where a page begins: everything strictly older than this message, newest first. Stable while messages are added. */
export interface HistoryPosition {
  readonly sentAtMs: number;
  readonly row: number;
}

/** Everything, everything since a moment, or one conversation before a moment. */
export type HistoryScope =
  | { readonly kind: "all" }
  /** Everything since a moment; its start names the conversations with their sizes, so that the sink can compare. */
  | { readonly kind: "since"; readonly afterMs: number }
  | { readonly kind: "conversation"; readonly conversation: string; readonly beforeMs: number };

export interface HistoryPage {
  readonly conversations: HistoryConversation[];
  readonly messageCount: number;
  /** Where the next page begins; `undefined` after the last. */
  readonly next: HistoryPosition | undefined;
}

export interface HistoryReader {
  /** For progress: cheap, and never less than what the pages hold. */
  count(scope: HistoryScope): { readonly messages: number; readonly conversations: number };
  /** The newest messages of the newest conversations. */
  firstScreen(conversations: number, messagesEach: number): HistoryConversation[];
  /** The newest conversations with their numbers of messages, and no messages. */
  sizes(conversations: number): HistoryConversation[];
  /** Of what waits for the archive, the newest, with their rows; `withTail`: also what stands in its newest chunk. */
  waiting(withTail: boolean, maxMessages: number, targetBytes: number): HistoryPage & { readonly rows: readonly number[] };
  /** Messages older than `from` (from the newest on when `undefined`), at most `maxMessages` and about `targetBytes`. */
  page(scope: HistoryScope, from: HistoryPosition | undefined, maxMessages: number, targetBytes: number): HistoryPage;
}

export interface HistoryWriter {
  /**
   * Stores what is not there yet, by message id, and marks the chunk committed, in one transaction. Returns how many
   * messages were new. Idempotent.
   */
  commitChunk(jobId: string, index: number, conversations: readonly HistoryConversation[]): number;
  /** Messages of a conversation that a source would count. */
  countReadable(conversation: string): number;
}

export type JobId = string;

export interface ChunkReference {
  readonly index: number;
  readonly blob: string;
  readonly key: Bytes;
  readonly messageCount: number;
  readonly sizeBytes: number;
}
