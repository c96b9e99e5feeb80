/**
 * The device that wants history takes it in: any chunk in any order, each committed in one transaction, each wait bounded.
 *
 * Invariants: a committed chunk is never fetched again; a chunk that cannot be had is asked for again, for ever, and never
 * undoes the link; the job is complete only when every chunk up to the announced end is committed. docs/PROTOCOL.md, "History".
 *
 * Persistent: `SinkJob`, the references (a table) and which of them are committed. The rest is rebuilt by `restoreSink`.
 */
import {
  ASK_AGAIN_AFTER_MS,
  FETCH_WINDOW,
  FIRST_RETRY_MS,
  MAX_ASK_ABSENT_MS,
  MAX_ASK_AGAIN_MS,
  MAX_CHUNKS,
  MAX_MISSING_PER_PROGRESS,
  MAX_RETRY_MS,
  PROGRESS_EVERY_CHUNKS,
  STALLED_AFTER_MS,
  TRIES_BEFORE_REUPLOAD,
} from "./bounds.ts";
import type { ChunkReference, JobId } from "./history-rows.ts";
import { retryDelayMs, type Step, type StepContext } from "./machine.ts";

export interface SinkJob {
  readonly jobId: JobId;
  readonly source: number;
  readonly messageCount: number;
  /** Known once the source announced the end. */
  readonly chunkCount: number | undefined;
  readonly messagesDone: number;
  /** What its source was asked since the last progress, and when last. Kept: a device that starts anew does not begin to ask anew. */
  readonly questions?: { readonly count: number; readonly lastMs: number } | undefined;
}

export type ChunkFailure =
  /** No answer, 5xx, throttled: the same blob again, later. */
  | { readonly kind: "unreachable"; readonly retryAfterMs?: number }
  /** 404, wrong hash, undecryptable: only the source can help. */
  | { readonly kind: "missing" }
  | { readonly kind: "damaged" }
  /** The device is full: waits for a person, tries again slowly. */
  | { readonly kind: "storage-full" };

export interface SinkState {
  readonly job: SinkJob;
  /** Chunks known and not committed, by index. */
  readonly pending: ReadonlyMap<number, { readonly reference: ChunkReference; readonly tries: number; readonly notBeforeMs: number }>;
  readonly committed: ReadonlySet<number>;
  readonly underWay: ReadonlySet<number>;
  /** Given up for now; the source was asked to upload them again. */
  readonly asked: ReadonlySet<number>;
  readonly lastProgressMs: number;
  /** Its source said something, about this job or not, since it was asked last. */
  readonly sourceSeen: boolean;
  readonly sinceReport: number;
  readonly storageFull: boolean;
  readonly complete: boolean;
  /** Another job brought what this one was for. */
  readonly superseded: boolean;
}

export type SinkInput =
  | { readonly type: "resume" }
  | { readonly type: "reference"; readonly reference: ChunkReference }
  | { readonly type: "end"; readonly chunkCount: number; readonly messageCount: number }
  /** The chunk's rows are committed. */
  | { readonly type: "committed"; readonly index: number; readonly messageCount: number }
  | { readonly type: "failed"; readonly index: number; readonly failure: ChunkFailure }
  /** The timer set by `set-timer` ran out. */
  | { readonly type: "timer" }
  /** The source is there: it said something, about whatever. */
  | { readonly type: "source-seen" }
  /** A person asked to try again now. */
  | { readonly type: "ask-now" }
  | { readonly type: "superseded" };

export type SinkEffect =
  /** Download, verify, decrypt, commit in one transaction; answer `committed` or `failed`. Runs beside others. */
  | { readonly type: "fetch-chunk"; readonly reference: ChunkReference }
  | { readonly type: "report"; readonly nextIndex: number; readonly missing: readonly number[]; readonly finished: boolean }
  /** Ask the source to go on from `nextIndex`: it may have lost the job. */
  | { readonly type: "ask-source"; readonly nextIndex: number }
  /** One timer; setting it again replaces it. */
  | { readonly type: "set-timer"; readonly afterMs: number }
  | { readonly type: "persist-job" };

export function newSink(job: SinkJob, nowMs: number): SinkState {
  return restoreSink(job, [], new Set(), nowMs);
}

/** Rebuilds a sink from what is durable. */
export function restoreSink(job: SinkJob, references: readonly ChunkReference[], committed: ReadonlySet<number>, nowMs: number): SinkState {
  const pending = new Map<number, { reference: ChunkReference; tries: number; notBeforeMs: number }>();
  for (const reference of references) {
    if (!committed.has(reference.index)) pending.set(reference.index, { reference, tries: 0, notBeforeMs: 0 });
  }
  const state: SinkState = {
    job,
    pending,
    committed,
    underWay: new Set(),
    asked: new Set(),
    lastProgressMs: nowMs,
    sourceSeen: false,
    sinceReport: 0,
    storageFull: false,
    complete: false,
    superseded: false,
  };
  return { ...state, complete: isComplete(state) };
}

export function stepSink(state: SinkState, input: SinkInput, context: StepContext): Step<SinkState, SinkEffect> {
  if (state.superseded || (state.complete && input.type !== "reference")) return { state, effects: [] };
  switch (input.type) {
    case "resume":
    case "timer":
      return advance(state, context);
    case "reference":
      return reference(state, input.reference, context);
    case "end": {
      if (input.chunkCount > MAX_CHUNKS) return { state, effects: [] };
      const job = { ...state.job, chunkCount: input.chunkCount, messageCount: input.messageCount };
      return settle(moved({ ...state, job }, context), context);
    }
    case "committed":
      return committed(state, input.index, input.messageCount, context);
    case "failed":
      return failed(state, input.index, input.failure, context);
    case "source-seen":
      if (state.job.questions === undefined || state.sourceSeen) return { state, effects: [] };
      return advance({ ...state, sourceSeen: true }, context);
    case "ask-now":
      return advance(withQuestion(retryAll(state), 0, context), context, questions(state));
    case "superseded":
      return { state: { ...state, superseded: true, pending: new Map(), underWay: new Set() }, effects: [{ type: "persist-job" }] };
  }
}

/** All chunks below it are committed. */
export function nextIndex(state: SinkState): number {
  let index = 0;
  while (state.committed.has(index)) index++;
  return index;
}

/**
 * Only the source can help: not everything is announced, or some of it has to be uploaded again. Otherwise what is missing lies on the
 * server, or there is no room for it here, and another source would be no nearer.
 */
export function needsSource(state: SinkState): boolean {
  if (isOver(state) || state.storageFull) return false;
  const { chunkCount } = state.job;
  return chunkCount === undefined || state.asked.size > 0 || state.committed.size + state.pending.size < chunkCount;
}

export const isOver = (state: SinkState): boolean => state.complete || state.superseded;

/** When a screen should say that nothing moves, and since when; `undefined` while it moves. */
export function stalledSinceMs(state: SinkState, nowMs: number): number | undefined {
  return !isOver(state) && nowMs - state.lastProgressMs >= STALLED_AFTER_MS ? state.lastProgressMs : undefined;
}

function reference(state: SinkState, incoming: ChunkReference, context: StepContext): Step<SinkState, SinkEffect> {
  if (incoming.index >= MAX_CHUNKS || state.committed.has(incoming.index)) return { state, effects: [] };
  const pending = new Map(state.pending).set(incoming.index, { reference: incoming, tries: 0, notBeforeMs: 0 });
  const asked = new Set(state.asked);
  asked.delete(incoming.index);
  return advance(moved({ ...state, pending, asked }, context), context);
}

function committed(state: SinkState, index: number, messageCount: number, context: StepContext): Step<SinkState, SinkEffect> {
  if (state.committed.has(index)) return { state, effects: [] };
  const pending = new Map(state.pending);
  pending.delete(index);
  const underWay = new Set(state.underWay);
  underWay.delete(index);
  const after: SinkState = {
    ...state,
    job: { ...state.job, messagesDone: state.job.messagesDone + messageCount },
    pending,
    underWay,
    committed: new Set(state.committed).add(index),
    sinceReport: state.sinceReport + 1,
    storageFull: false,
  };
  return settle(moved(after, context), context);
}

/** After progress: complete or not, and a report when one is due. */
function settle(state: SinkState, context: StepContext): Step<SinkState, SinkEffect> {
  const complete = isComplete(state);
  const effects: SinkEffect[] = [{ type: "persist-job" }];
  if (!complete && state.sinceReport < PROGRESS_EVERY_CHUNKS) return advance(state, context, effects);
  effects.push(report(state, complete));
  return advance({ ...state, complete, sinceReport: 0 }, context, effects);
}

function failed(state: SinkState, index: number, failure: ChunkFailure, context: StepContext): Step<SinkState, SinkEffect> {
  const entry = state.pending.get(index);
  const underWay = new Set(state.underWay);
  underWay.delete(index);
  if (entry === undefined) return { state: { ...state, underWay }, effects: [] };
  const tries = entry.tries + 1;
  const needsSource = failure.kind === "missing" || failure.kind === "damaged";
  const retryAfterMs = failure.kind === "unreachable" ? (failure.retryAfterMs ?? 0) : 0;
  const delayMs = Math.max(retryAfterMs, retryDelayMs(tries, FIRST_RETRY_MS, MAX_RETRY_MS, context.random));
  const pending = new Map(state.pending).set(index, { ...entry, tries, notBeforeMs: context.nowMs + delayMs });
  const asked = new Set(state.asked);
  const effects: SinkEffect[] = [];
  // Once: the question is repeated as all are.
  if (needsSource && tries >= TRIES_BEFORE_REUPLOAD && !asked.has(index)) {
    asked.add(index);
    effects.push(report({ ...state, asked }, false));
  }
  const after: SinkState = { ...state, pending, underWay, asked, storageFull: failure.kind === "storage-full" };
  return advance(after, context, effects);
}

/** Starts fetches that are due, asks the source when nothing moves, and sets the one timer for what comes next. */
function advance(state: SinkState, context: StepContext, first: readonly SinkEffect[] = []): Step<SinkState, SinkEffect> {
  const effects: SinkEffect[] = [...first];
  if (state.complete) return { state, effects };
  const { nowMs } = context;
  const underWay = new Set(state.underWay);
  const window = state.storageFull ? 1 : FETCH_WINDOW;
  let nextDueMs = Number.POSITIVE_INFINITY;
  for (const index of [...state.pending.keys()].sort((a, b) => a - b)) {
    if (underWay.has(index)) continue;
    const entry = state.pending.get(index)!;
    // A clock that jumped back must not postpone a retry: no wait is longer than the longest there is.
    const waitMs = Math.min(entry.notBeforeMs - nowMs, MAX_RETRY_MS * 2);
    if (waitMs > 0) nextDueMs = Math.min(nextDueMs, waitMs);
    else if (underWay.size < window) {
      underWay.add(index);
      effects.push({ type: "fetch-chunk", reference: entry.reference });
    }
  }
  let after: SinkState = { ...state, underWay };
  const { count, lastMs } = state.job.questions ?? { count: 0, lastMs: state.lastProgressMs };
  const quietMs = nowMs - lastMs;
  const longestMs = state.sourceSeen ? MAX_ASK_AGAIN_MS : MAX_ASK_ABSENT_MS;
  if (underWay.size === 0 && (quietMs >= Math.min(ASK_AGAIN_AFTER_MS * 2 ** Math.min(count, 30), longestMs) || quietMs < 0)) {
    after = withQuestion(after, 1, context);
    effects.push({ type: "persist-job" }, ...questions(after));
  }
  effects.push({ type: "set-timer", afterMs: Math.max(1, Math.min(nextDueMs, STALLED_AFTER_MS)) });
  return { state: after, effects };
}

const moved = (state: SinkState, { nowMs }: StepContext): SinkState => ({
  ...state,
  job: { ...state.job, questions: undefined },
  lastProgressMs: nowMs,
});

const withQuestion = (state: SinkState, more: number, { nowMs }: StepContext): SinkState => ({
  ...state,
  job: { ...state.job, questions: { count: (state.job.questions?.count ?? 0) + more, lastMs: nowMs } },
  sourceSeen: false,
});

function retryAll(state: SinkState): SinkState {
  const pending = new Map([...state.pending].map(([index, entry]) => [index, { ...entry, notBeforeMs: 0 }]));
  return { ...state, pending };
}

/** All of it, and of what was announced what cannot be had: the source may have lost the job. */
const questions = (state: SinkState): SinkEffect[] => [
  { type: "ask-source", nextIndex: nextIndex(state) },
  ...(state.asked.size === 0 ? [] : [report(state, false)]),
];

const report = (state: SinkState, finished: boolean): SinkEffect => ({
  type: "report",
  nextIndex: nextIndex(state),
  missing: [...state.asked].sort((a, b) => a - b).slice(0, MAX_MISSING_PER_PROGRESS),
  finished,
});

const isComplete = (state: SinkState): boolean => state.job.chunkCount !== undefined && nextIndex(state) >= state.job.chunkCount;
