/** What a screen says of history that comes from one source or several at once. */
import { type SinkState, stalledSinceMs } from "@hawser/sync";
import type { HistoryStatus } from "../api.ts";

/** Of the jobs for one wish: as far as the best of them, and still only when all are. */
export function receivingStatus(same: readonly SinkState[], nowMs: number): HistoryStatus {
  const stalled = same.map((state) => stalledSinceMs(state, nowMs));
  const best = same.reduce((a, b) => (b.job.messagesDone > a.job.messagesDone ? b : a));
  return {
    kind: "running",
    direction: "receiving",
    messagesDone: best.job.messagesDone,
    messagesTotal: Math.max(...same.map(({ job }) => job.messageCount)),
    stalledSinceMs: stalled.includes(undefined) ? undefined : Math.max(...stalled.map((sinceMs) => sinceMs ?? 0)),
    storageFull: same.some((state) => state.storageFull),
  };
}
