/**
 * Where a history job stands, as one word: what a diagram draws and what an outcome names. Both machines keep sets of chunks; these words
 * are projections of them, and the tables say which follows which. `history-stages.test.ts` runs the machines against the tables:
 * nothing else happens, and everything named does happen.
 */
import { type Arrow, describeRows, findDeadEnds, type StateRule, type Transition } from "@hawser/base";
import { UPLOAD_ENDS_WITHIN_MS } from "./bounds.ts";
import { type SinkInput, type SinkState, stalledSinceMs } from "./history-sink.ts";
import { mayRest, type SourceInput, type SourceState } from "./history-source.ts";
import type { WishInput, WishState } from "./history-wish.ts";

export type SourceStage = "uploading" | "waiting-to-retry" | "announced" | "received" | "cancelled";
export type WishStage = "unasked" | "asking" | "declined" | "insisting" | "over";
export type SinkStage = "waiting" | "fetching" | "stalled" | "storage-full" | "complete" | "superseded";

export const SOURCE_STAGES: Readonly<Record<SourceStage, StateRule<"retry">>> = {
  uploading: { work: { why: "chunks are uploaded", ends: ["uploaded", "upload-failed"], withinMs: UPLOAD_ENDS_WITHIN_MS } },
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
  complete: { resting: "final" },
  superseded: { resting: "final" },
};

/** Only inputs that can lead to another stage, and the timers that are answered without leaving it. */
const SOURCE_ROWS: readonly Arrow<SourceStage, SourceInput["type"]>[] = [
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
const SINK_ROWS: readonly Arrow<SinkStage, SinkInput["type"]>[] = [
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
  { in: "stalled", on: "timer", to: ["stalled"] },
  { in: "storage-full", on: "timer", to: ["storage-full"] },
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

/** Each of these is looked at again after a while: `look-again`, which comes back as `looked`. */
export const WISH_STAGES: Readonly<Record<WishStage, StateRule<"looked">>> = {
  unasked: { deadline: { timer: "looked", why: "the best source is asked" } },
  asking: { deadline: { timer: "looked", why: "another source is asked as well" } },
  declined: { deadline: { timer: "looked", why: "the next source is asked, or one for whatever it has" } },
  insisting: { deadline: { timer: "looked", why: "whoever may be asked since is asked" } },
  over: { resting: "final" },
};

/** `job-begun`: the driver did what it was told, or a source began by itself. */
export type WishChange = WishInput["type"] | "job-begun";

const WISH_ROWS: readonly Arrow<WishStage, WishChange>[] = [
  { in: "unasked", on: "looked", to: ["unasked"] },
  { in: "unasked", on: "job-begun", to: ["asking"] },
  { in: "asking", on: "looked", to: ["asking"] },
  { in: "asking", on: "declined", to: ["declined", "insisting"] },
  { in: "declined", on: "looked", to: ["declined", "insisting"] },
  { in: "declined", on: "declined", to: ["insisting"] },
  { in: "declined", on: "moved", to: ["asking", "insisting"] },
  { in: "declined", on: "job-begun", to: ["asking"] },
  { in: "insisting", on: "looked", to: ["insisting"] },
  { in: "insisting", on: "moved", to: ["asking"] },
  { in: "insisting", on: "job-begun", to: ["asking"] },
  ...(["unasked", "asking", "declined", "insisting"] as const).map((stage) => ({
    in: stage,
    on: "complete" as const,
    to: ["over" as const],
  })),
];

export function wishStage({ jobs, insistedOn, over }: WishState): WishStage {
  if (over) return "over";
  const newest = jobs.at(-1);
  if (newest === undefined) return "unasked";
  if (!newest.declined) return "asking";
  return insistedOn === undefined ? "declined" : "insisting";
}

export const describeSource = (): Transition[] => describeRows(SOURCE_ROWS);
export const describeSink = (): Transition[] => describeRows(SINK_ROWS);
export const describeWish = (): Transition[] => describeRows(WISH_ROWS);

export const sourceDeadEnds = (): string[] => findDeadEnds(SOURCE_STAGES, SOURCE_ROWS, () => "retry-due");
export const sinkDeadEnds = (): string[] => findDeadEnds(SINK_STAGES, SINK_ROWS, (timer) => timer);
export const wishDeadEnds = (): string[] => findDeadEnds(WISH_STAGES, WISH_ROWS, (timer) => timer);
