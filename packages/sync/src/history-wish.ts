/**
 * What a device wants of history, and of whom it wants it: one job at a time with each source, the next source when the newest does not
 * move within a bound, and back to any of them when it speaks again. Rows are committed by message id, so that two jobs for one wish
 * hold nothing twice.
 *
 * Invariants: a source is asked at most once for one wish; as long as nobody has served it, somebody is asked; the first job that is
 * complete ends the wish and all its other jobs. docs/PROTOCOL.md, "History".
 *
 * Persistent: which job was begun for which wish. The rest is rebuilt by `restoreWish` and `withJob`.
 */
import { CHANGE_SOURCE_AFTER_MS } from "./bounds.ts";
import type { JobId } from "./history-rows.ts";
import type { Step } from "./machine.ts";

/** A device of the account that may be asked. */
export interface SourceCandidate {
  readonly device: number;
  readonly phone: boolean;
  /** When the server last saw it, to the hour; `undefined` when that is not known. */
  readonly activeAtMs: number | undefined;
}

export interface WishJob {
  readonly jobId: JobId;
  readonly source: number;
  /** It has no history to give (yet): it is still being filled itself, or holds no archive that can be read. */
  readonly declined: boolean;
}

export interface WishState {
  /** In the order in which they began; the newest is the one that is waited for. */
  readonly jobs: readonly WishJob[];
  readonly quietSinceMs: number;
  /** Everybody declined, and this device was asked for whatever it has. */
  readonly insistedOn: number | undefined;
  readonly over: boolean;
}

export interface WishView {
  readonly nowMs: number;
  readonly online: boolean;
  /** Only a source can help: chunks are not announced yet, or were asked for again. */
  readonly needsSource: boolean;
  /** A part of what there is serves nobody while somebody may have it all: older messages of one chat, which a person asked for. */
  readonly patient: boolean;
  /** Who may be asked, best first. */
  readonly candidates: readonly number[];
}

export type WishInput =
  | { readonly type: "looked" }
  /** Something of this job came, or was committed. */
  | { readonly type: "moved"; readonly jobId: JobId }
  | { readonly type: "declined"; readonly jobId: JobId }
  | { readonly type: "complete"; readonly jobId: JobId };

export type WishEffect =
  | { readonly type: "begin-job"; readonly source: number }
  /** Ask that job's source for what it has, though it is not everything. */
  | { readonly type: "insist"; readonly jobId: JobId }
  /** Another job served the wish: this one is over, and its source hears so. */
  | { readonly type: "supersede"; readonly jobId: JobId }
  /** Look again; setting it again replaces it. */
  | { readonly type: "look-again"; readonly afterMs: number };

export const restoreWish = (jobs: readonly WishJob[], nowMs: number): WishState => ({
  jobs,
  quietSinceMs: nowMs,
  insistedOn: undefined,
  over: false,
});

/** Another job for the same wish, begun here or by its source. */
export function withJob(state: WishState, jobId: JobId, source: number, nowMs: number): WishState {
  if (state.jobs.some((job) => job.jobId === jobId)) return state;
  return { ...state, jobs: [...state.jobs, { jobId, source, declined: false }], quietSinceMs: nowMs };
}

export function stepWish(state: WishState, input: WishInput, view: WishView): Step<WishState, WishEffect> {
  if (state.over) return { state, effects: [] };
  switch (input.type) {
    case "looked":
      return look(state, view);
    case "moved":
      return look({ ...withDeclined(state, input.jobId, false), quietSinceMs: view.nowMs }, view);
    case "declined":
      return look(withDeclined(state, input.jobId, true), view);
    case "complete": {
      const others = state.jobs.filter((job) => job.jobId !== input.jobId);
      return { state: { ...state, over: true }, effects: others.map(({ jobId }) => ({ type: "supersede", jobId })) };
    }
  }
}

function look(state: WishState, view: WishView): Step<WishState, WishEffect> {
  const { nowMs } = view;
  // Nobody can answer without a connection, and nobody has to while what was announced is still being fetched.
  if (!view.online || !view.needsSource) return again({ ...state, quietSinceMs: nowMs }, CHANGE_SOURCE_AFTER_MS);
  const current = state.jobs.at(-1);
  // A clock that was set back: patience begins anew.
  const quietSinceMs = Math.min(state.quietSinceMs, nowMs);
  const leftMs = quietSinceMs + CHANGE_SOURCE_AFTER_MS - nowMs;
  if (leftMs > 0 && current !== undefined && !current.declined) return again({ ...state, quietSinceMs }, leftMs);
  const next = view.candidates.find((device) => state.jobs.every((job) => job.source !== device));
  if (next !== undefined) return again({ ...state, quietSinceMs: nowMs }, CHANGE_SOURCE_AFTER_MS, { type: "begin-job", source: next });
  const willing = state.jobs.find((job) => job.declined && view.candidates.includes(job.source));
  // One that has left the account will not answer; another may.
  const isInsisting = state.insistedOn !== undefined && view.candidates.includes(state.insistedOn);
  const mayInsist = !isInsisting && (!view.patient || state.jobs.every((job) => job.declined || !view.candidates.includes(job.source)));
  if (willing !== undefined && mayInsist)
    return again({ ...state, insistedOn: willing.source, quietSinceMs: nowMs }, CHANGE_SOURCE_AFTER_MS, {
      type: "insist",
      jobId: willing.jobId,
    });
  // All have been asked: each job goes on asking its own source.
  return again({ ...state, quietSinceMs: nowMs }, CHANGE_SOURCE_AFTER_MS);
}

const again = (state: WishState, afterMs: number, ...first: WishEffect[]): Step<WishState, WishEffect> => ({
  state,
  effects: [...first, { type: "look-again", afterMs }],
});

function withDeclined(state: WishState, jobId: JobId, declined: boolean): WishState {
  if (state.jobs.every((job) => job.jobId !== jobId || job.declined === declined)) return state;
  return { ...state, jobs: state.jobs.map((job) => (job.jobId === jobId ? { ...job, declined } : job)) };
}

/** Phones first, then those seen last; of two seen in the same hour, the one that is there longer has more. */
export function orderSources(candidates: readonly SourceCandidate[]): number[] {
  return candidates
    .toSorted((a, b) => Number(b.phone) - Number(a.phone) || (b.activeAtMs ?? 0) - (a.activeAtMs ?? 0) || a.device - b.device)
    .map(({ device }) => device);
}
