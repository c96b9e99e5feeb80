/** What stands in the table of jobs about one that comes to this device, and what of it is said to its source. */
import { type ConversationId, type MessageId, OperationalError } from "@hawser/base";
import type { ChunkFailure, SinkJob } from "@hawser/sync";
import type { HistoryConversation } from "@hawser/wire";
import { MAX_COMPARED_CONVERSATIONS, MAX_TIME_MS } from "../bounds.ts";
import type { HistoryJobRow } from "../store/history-jobs.ts";
import type { ArchivePlan } from "./archive.ts";

/** One conversation before a moment, or everything since one. */
export type HistoryPart = { readonly conversation: string; readonly beforeMs: number } | { readonly afterMs: number };

/** What stands there besides the machine's own. */
export interface StoredJob extends SinkJob {
  /** The number of the first job that was begun for the same wish. */
  readonly wish?: string;
  /** What is wanted; everything when it is absent. */
  readonly part?: HistoryPart;
  /** Every source declined, and this one was asked for whatever it has. */
  readonly anyway?: true;
  /** Only compares: no screen and nobody waits for it. */
  readonly quiet?: true;
  /** Came unasked, and is not what a new device is handed first. */
  readonly extra?: true;
  readonly superseded?: true;
  /** The message that asked last. While it waits in the outbox another would only wait beside it. */
  readonly question?: MessageId;
  /** Of a job from the account's archive. */
  readonly archive?: ArchivePlan;
  /** Sizes of conversations at the source, to be compared when the gap is filled. */
  readonly compare?: Readonly<Record<string, number>>;
}

/** In the place of a device: the account's archive. No device has this number. */
export const ARCHIVE_SOURCE = 0;

/** A person wants to see more of one chat; what fills a gap in a chat asks for all of it. */
export const oneChatOf = (part: HistoryPart | undefined): ConversationId | undefined =>
  part !== undefined && "conversation" in part && part.beforeMs < MAX_TIME_MS ? (part.conversation as ConversationId) : undefined;
export const isOneChat = (part: HistoryPart | undefined): boolean => oneChatOf(part) !== undefined;

export const isSuperseded = (row: HistoryJobRow | undefined): boolean => (row?.state as StoredJob | undefined)?.superseded === true;

export const newJob = (jobId: string, source: number): SinkJob => ({
  jobId,
  source,
  messageCount: 0,
  chunkCount: undefined,
  messagesDone: 0,
});

/** Only what the machine keeps. */
export const sinkJobOf = ({ jobId, source, messageCount, chunkCount, messagesDone, questions }: StoredJob): SinkJob => ({
  jobId,
  source,
  messageCount,
  chunkCount,
  messagesDone,
  questions,
});

export function requestFields(part: HistoryPart | undefined) {
  const all = { conversationId: "", beforeMs: 0n, afterMs: 0n };
  if (part === undefined) return all;
  return "conversation" in part
    ? { ...all, conversationId: part.conversation, beforeMs: BigInt(Math.floor(part.beforeMs)) }
    : { ...all, afterMs: BigInt(Math.floor(part.afterMs)) };
}

export const sizesOf = (conversations: readonly HistoryConversation[]): Record<string, number> =>
  Object.fromEntries(
    conversations.slice(0, MAX_COMPARED_CONVERSATIONS).map(({ conversationId, totalMessages }) => [conversationId, Number(totalMessages)]),
  );

export function failureOf(error: unknown): ChunkFailure {
  if (!(error instanceof OperationalError)) return isFull(error) ? { kind: "storage-full" } : { kind: "unreachable" };
  if (error.code === "BLOB_UNKNOWN") return { kind: "missing" };
  if (error.code === "BLOB_MISMATCH" || error.code === "LIMIT_EXCEEDED") return { kind: "damaged" };
  if (error.code === "STORAGE_FULL") return { kind: "storage-full" };
  return typeof error.retry === "object" ? { kind: "unreachable", retryAfterMs: error.retry.afterMs } : { kind: "unreachable" };
}

/** SQLite's SQLITE_FULL, as every driver words it. */
const isFull = (error: unknown): boolean => error instanceof Error && /full|quota/i.test(error.message);
