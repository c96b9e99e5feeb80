/** What a screen says of history that comes from one source or several at once. */
import type { ConversationId } from "@hawser/base";
import { type SinkState, stalledSinceMs } from "@hawser/sync";
import type { HistoryStatus } from "../api.ts";
import type { HistoryJobRow } from "../store/history-jobs.ts";
import { isOneChat, isSuperseded, type StoredJob } from "./stored-job.ts";

/** Of the jobs for one wish: as far as the best of them, and still only when all are. */
export function receivingStatus(same: readonly SinkState[], nowMs: number, conversation: ConversationId | undefined): HistoryStatus {
  const stalled = same.map((state) => stalledSinceMs(state, nowMs));
  const best = same.reduce((a, b) => (b.job.messagesDone > a.job.messagesDone ? b : a));
  return {
    kind: "running",
    direction: "receiving",
    messagesDone: best.job.messagesDone,
    messagesTotal: Math.max(...same.map(({ job }) => job.messageCount)),
    stalledSinceMs: stalled.includes(undefined) ? undefined : Math.max(...stalled.map((sinceMs) => sinceMs ?? 0)),
    ...(conversation === undefined ? {} : { conversation }),
    storageFull: same.some((state) => state.storageFull),
  };
}

/** One chat is not everything, nor is a job that another one brought to its end. */
export function lastCompleted(rows: readonly HistoryJobRow[]): HistoryStatus | undefined {
  const last = rows.findLast(
    (row) => row.direction === "sink" && row.finished && !isSuperseded(row) && !isOneChat((row.state as StoredJob).part),
  );
  if (last === undefined) return undefined;
  return { kind: "complete", messagesTotal: (last.state as StoredJob).messageCount, finishedAtMs: last.createdAtMs };
}
