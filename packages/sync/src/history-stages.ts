/**
 * Where a history job stands, as one word: what a diagram draws and what an outcome names. Both machines keep sets of chunks; these words
 * are projections of them, and the tables say which follows which. `history-stages.test.ts` runs the machines against the tables:
 * nothing else happens, and everything named does happen.
 */
import type { StateRule, Transition } from "@hawser/base";
import { type SinkInput, type SinkState, stalledSinceMs } from "./history-sink.ts";
import { mayRest, type SourceInput, type SourceState } from "./history-source.ts";

export type SourceStage = "uploading" | "waiting-to-retry" | "announced" | "received" | "cancelled";
export type SinkStage = "waiting" | "fetching" | "stalled" | "storage-full" | "complete" | "superseded";

export const SOURCE_STAGES: Readonly<Record<SourceStage, StateRule<"retry">>> = {
  // Each upload has the deadline of its request.
  uploading: { resting: "idle" },
  "waiting-to-retry": { deadline: { timer: "retry", why: "the pause after a failed upload" } },
  // Everything is on the server: the device may sleep.
  announced: { resting: "idle" },
  received: { resting: "idle" },
  cancelled: { resting: "final" },
};

export const SINK_STAGES: Readonly<Record<SinkStage, StateRule<"timer">>> = {
  waiting: { deadline: { timer: "timer", why: "the source is asked again" } },
  fetching: { deadline: { timer: "timer", why: "a failed chunk is fetched again" } },
  stalled: { deadline: { timer: "timer", why: "the source is asked again; the screen says so" } },
  "storage-full": { deadline: { timer: "timer", why: "storing is tried again" } },
  // A reference that comes late is fetched all the same.
  complete: { resting: "idle" },
  superseded: { resting: "final" },
};

interface StageRow<Stage, Input> {
  readonly in: Stage;
  readonly on: Input;
  readonly to: readonly Stage[];
}

/** Only inputs that can lead to another stage. */
const SOURCE_ROWS: readonly StageRow<SourceStage, SourceInput["type"]>[] = [
  { in: "uploading", on: "built", to: ["announced", "received"] },
  { in: "uploading", on: "uploaded", to: ["announced", "received"] },
  { in: "uploading", on: "upload-failed", to: ["waiting-to-retry"] },
  { in: "uploading", on: "resume", to: ["announced"] },
  { in: "uploading", on: "retry-due", to: ["announced"] },
  { in: "uploading", on: "progress", to: ["announced", "received"] },
  { in: "waiting-to-retry", on: "retry-due", to: ["uploading"] },
  { in: "waiting-to-retry", on: "resume", to: ["uploading"] },
  { in: "waiting-to-retry", on: "progress", to: ["received"] },
  { in: "announced", on: "progress", to: ["received", "uploading"] },
  { in: "received", on: "progress", to: ["announced", "uploading"] },
  ...(["uploading", "waiting-to-retry", "announced", "received"] as const).map((stage) => ({
    in: stage,
    on: "cancel" as const,
    to: ["cancelled" as const],
  })),
];

export function sourceStage(state: SourceState): SourceStage {
  if (state.cancelled) return "cancelled";
  if (mayRest(state)) return state.finished ? "received" : "announced";
  return state.waitingToRetry ? "waiting-to-retry" : "uploading";
}

/** The timer runs at least every `STALLED_AFTER_MS`, so that a stall is seen when it begins. */
const SINK_ROWS: readonly StageRow<SinkStage, SinkInput["type"]>[] = [
  { in: "waiting", on: "reference", to: ["fetching"] },
  { in: "waiting", on: "committed", to: ["complete"] },
  { in: "waiting", on: "end", to: ["complete"] },
  { in: "waiting", on: "timer", to: ["stalled"] },
  { in: "fetching", on: "committed", to: ["waiting", "complete"] },
  { in: "fetching", on: "end", to: ["complete"] },
  { in: "fetching", on: "failed", to: ["storage-full"] },
  { in: "fetching", on: "timer", to: ["stalled"] },
  { in: "stalled", on: "reference", to: ["fetching"] },
  { in: "stalled", on: "committed", to: ["waiting", "fetching", "complete"] },
  { in: "stalled", on: "end", to: ["waiting", "fetching", "complete"] },
  { in: "stalled", on: "failed", to: ["storage-full"] },
  { in: "storage-full", on: "committed", to: ["waiting", "fetching", "complete"] },
  { in: "storage-full", on: "end", to: ["complete"] },
  { in: "storage-full", on: "failed", to: ["fetching", "stalled"] },
  ...(["waiting", "fetching", "stalled", "storage-full"] as const).map((stage) => ({
    in: stage,
    on: "superseded" as const,
    to: ["superseded" as const],
  })),
];

/** `nowMs`: the time of the step that led here. */
export function sinkStage(state: SinkState, nowMs: number): SinkStage {
  if (state.superseded) return "superseded";
  if (state.complete) return "complete";
  if (state.storageFull) return "storage-full";
  if (stalledSinceMs(state, nowMs) !== undefined) return "stalled";
  return state.pending.size > 0 ? "fetching" : "waiting";
}

const describe = (rows: readonly StageRow<string, string>[]): Transition[] =>
  rows.flatMap((row) => row.to.map((next) => ({ state: row.in, input: row.on, next })));

export const describeSource = (): Transition[] => describe(SOURCE_ROWS);
export const describeSink = (): Transition[] => describe(SINK_ROWS);
