/**
 * The device that has history hands it to one that wants it: newest first, chunk by chunk, for ever resumable.
 *
 * Invariants: a chunk's reference is announced only after its blob is stored on the server; a chunk covers exactly the rows
 * between its `from` and the next chunk's `from`, so that it can be built again from the same position; a failure only
 * delays. docs/PROTOCOL.md, "History".
 *
 * Persistent state is `SourceJob` and one `SourceChunk` a chunk; what is under way is forgotten by a crash and done again.
 */
import { FIRST_RETRY_MS, MAX_CHUNKS, MAX_RETRY_MS, UPLOAD_WINDOW } from "./bounds.ts";
import type { HistoryPosition, HistoryScope, JobId } from "./history-rows.ts";
import { retryDelayMs, type Step, type StepContext } from "./machine.ts";

export interface SourceChunk {
  readonly index: number;
  readonly from: HistoryPosition | undefined;
  readonly messageCount: number;
  /** The reference stands in the outbox: durable, and sent by the ordinary path. */
  readonly announced: boolean;
}

export interface SourceState {
  readonly jobId: JobId;
  readonly target: number;
  readonly scope: HistoryScope;
  readonly messageCount: number;
  /** The position after the last planned chunk; `undefined` before the first. */
  readonly next: HistoryPosition | undefined;
  /** Every row stands in some chunk. */
  readonly planned: boolean;
  readonly chunks: readonly SourceChunk[];
  /** Chunks to build and upload before new ones: asked for again, or found unannounced after a crash. */
  readonly again: readonly number[];
  readonly underWay: readonly number[];
  readonly tries: number;
  readonly endAnnounced: boolean;
  /** Messages the sink has committed, as it reported. */
  readonly committedChunks: number;
  readonly finished: boolean;
  readonly cancelled: boolean;
  readonly waitingToRetry: boolean;
}

export type SourceInput =
  | { readonly type: "resume" }
  /** The rows of a new chunk were read; its upload goes on. `next` undefined: nothing is older. */
  | { readonly type: "built"; readonly index: number; readonly messageCount: number; readonly next: HistoryPosition | undefined }
  /** The blob is stored on the server; its reference may be announced. */
  | { readonly type: "uploaded"; readonly index: number }
  | { readonly type: "upload-failed"; readonly index: number; readonly retryAfterMs?: number }
  | { readonly type: "retry-due" }
  | { readonly type: "progress"; readonly nextIndex: number; readonly missing: readonly number[]; readonly finished: boolean }
  | { readonly type: "cancel" };

export type SourceEffect =
  /** Read rows from `from` and answer `built`; seal, upload and answer `uploaded` or `upload-failed`. Runs beside others. */
  | { readonly type: "upload-chunk"; readonly index: number; readonly from: HistoryPosition | undefined }
  /** Put the reference (or the end) into the outbox, in one transaction with this state. */
  | { readonly type: "announce-chunk"; readonly index: number }
  | { readonly type: "announce-end"; readonly chunkCount: number; readonly messageCount: number }
  | { readonly type: "set-retry-timer"; readonly afterMs: number }
  | { readonly type: "persist" };

export function newSource(jobId: JobId, target: number, scope: HistoryScope, messageCount: number): SourceState {
  return {
    jobId,
    target,
    scope,
    messageCount,
    next: undefined,
    planned: messageCount === 0,
    chunks: [],
    again: [],
    underWay: [],
    tries: 0,
    endAnnounced: false,
    committedChunks: 0,
    finished: false,
    cancelled: false,
    waitingToRetry: false,
  };
}

/** After a start: what was under way is forgotten, and what was not announced is done again. */
export function restoreSource(durable: SourceState): SourceState {
  const again = new Set([...durable.again, ...durable.underWay.filter((index) => isPlanned(durable, index))]);
  for (const chunk of durable.chunks) if (!chunk.announced) again.add(chunk.index);
  return { ...durable, underWay: [], waitingToRetry: false, again: [...again].sort((a, b) => a - b) };
}

export function stepSource(state: SourceState, input: SourceInput, context: StepContext): Step<SourceState, SourceEffect> {
  if (state.cancelled) return { state, effects: [] };
  switch (input.type) {
    case "resume":
      return advance({ ...state, waitingToRetry: false });
    case "retry-due":
      return advance({ ...state, waitingToRetry: false });
    case "built":
      return built(state, input);
    case "uploaded":
      return uploaded(state, input.index);
    case "upload-failed": {
      if (!state.underWay.includes(input.index)) return { state, effects: [] };
      const afterMs = Math.max(input.retryAfterMs ?? 0, retryDelayMs(state.tries, FIRST_RETRY_MS, MAX_RETRY_MS, context.random));
      const failed: SourceState = {
        ...state,
        underWay: without(state.underWay, input.index),
        again: isPlanned(state, input.index) ? sortedWith(state.again, input.index) : state.again,
        tries: state.tries + 1,
        waitingToRetry: true,
      };
      return { state: failed, effects: [{ type: "set-retry-timer", afterMs }] };
    }
    case "progress": {
      const known = input.missing.filter((index) => isPlanned(state, index) && !state.underWay.includes(index));
      const again = known.reduce(sortedWith, state.again);
      const progressed: SourceState = {
        ...state,
        committedChunks: Math.max(state.committedChunks, Math.min(input.nextIndex, state.chunks.length)),
        finished: input.finished,
        again: input.finished ? [] : again,
      };
      return advance(progressed, [{ type: "persist" }]);
    }
    case "cancel":
      return { state: { ...state, cancelled: true, underWay: [], again: [] }, effects: [{ type: "persist" }] };
  }
}

/** Messages whose chunks are stored on the server, for a progress bar on the source. */
export function uploadedMessages(state: SourceState): number {
  let messages = 0;
  for (const chunk of state.chunks) if (chunk.announced) messages += chunk.messageCount;
  return messages;
}

/** Nothing is left to upload: the device may sleep. */
export const mayRest = (state: SourceState): boolean =>
  state.cancelled || (state.planned && state.endAnnounced && state.again.length === 0 && state.underWay.length === 0);

function built(state: SourceState, input: Extract<SourceInput, { type: "built" }>): Step<SourceState, SourceEffect> {
  if (input.index !== state.chunks.length || !state.underWay.includes(input.index)) return { state, effects: [] };
  if (input.messageCount === 0) return advance({ ...state, underWay: without(state.underWay, input.index), planned: true });
  const chunks = [...state.chunks, { index: input.index, from: state.next, messageCount: input.messageCount, announced: false }];
  return advance({ ...state, chunks, next: input.next, planned: input.next === undefined || chunks.length >= MAX_CHUNKS });
}

function uploaded(state: SourceState, index: number): Step<SourceState, SourceEffect> {
  if (!state.underWay.includes(index) || !isPlanned(state, index)) return { state, effects: [] };
  const chunks = state.chunks.map((chunk) => (chunk.index === index ? { ...chunk, announced: true } : chunk));
  const after: SourceState = { ...state, chunks, underWay: without(state.underWay, index), tries: 0 };
  return advance(after, [{ type: "announce-chunk", index }]);
}

/** Starts what may start now. A new chunk begins where the one before ended, so its rows are read one after another; uploads overlap. */
function advance(state: SourceState, first: readonly SourceEffect[] = []): Step<SourceState, SourceEffect> {
  const effects: SourceEffect[] = [...first];
  let { again, underWay, endAnnounced } = state;
  if (!state.waitingToRetry && !state.finished) {
    while (again.length > 0 && underWay.length < UPLOAD_WINDOW) {
      const index = again[0]!;
      again = again.slice(1);
      underWay = [...underWay, index];
      effects.push({ type: "upload-chunk", index, from: state.chunks[index]!.from });
    }
    const nextIndex = state.chunks.length;
    if (!state.planned && !underWay.includes(nextIndex) && underWay.length < UPLOAD_WINDOW) {
      underWay = [...underWay, nextIndex];
      effects.push({ type: "upload-chunk", index: nextIndex, from: state.next });
    }
  }
  if (state.planned && !endAnnounced && state.chunks.every((chunk) => chunk.announced)) {
    endAnnounced = true;
    const messageCount = state.chunks.reduce((sum, chunk) => sum + chunk.messageCount, 0);
    effects.push({ type: "announce-end", chunkCount: state.chunks.length, messageCount });
  }
  return { state: { ...state, again, underWay, endAnnounced }, effects };
}

const isPlanned = (state: SourceState, index: number): boolean => index >= 0 && index < state.chunks.length;
const without = (list: readonly number[], value: number): number[] => list.filter((item) => item !== value);
const sortedWith = (list: readonly number[], value: number): readonly number[] =>
  list.includes(value) ? list : [...list, value].sort((a, b) => a - b);
