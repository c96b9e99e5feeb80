/**
 * Keeps the encrypted archive up to date: looks what waits, reads the head, stores a chunk, puts the next head in place of the one it read.
 *
 * Invariants: a head names only chunks that are stored; a message stops waiting only when a head that names its chunk was accepted; so a
 * crash anywhere leaves messages that wait, or a chunk nobody names, and never a hole. Two writers cannot overwrite each other: a head
 * replaces only the one its writer read. docs/PROTOCOL.md, "Archive".
 *
 * Persistent: which messages wait, and the chunk that was stored for a head under way. Both are the driver's tables.
 */
import { type Arrow, describeRows, findDeadEnds, type StateRule, type Transition } from "@hawser/base";
import type { HeadFault } from "./archive-head.ts";
import {
  ARCHIVE_ANEW_AFTER_MS,
  ARCHIVE_FLUSH_AFTER_MS,
  ARCHIVE_FLUSH_MESSAGES,
  ARCHIVE_LOOK_EVERY_MS,
  ARCHIVE_TAKE_OVER_AFTER_MS,
  ARCHIVE_TROUBLE_PAUSE_MS,
  FIRST_RETRY_MS,
  MAX_RETRY_MS,
  UPLOAD_ENDS_WITHIN_MS,
} from "./bounds.ts";
import { retryDelayMs, type Step, type StepContext } from "./machine.ts";

/** `unsupported`: the server is older than archives. */
export type ArchiveTrouble = HeadFault | "full" | "unsupported";

export interface Waiting {
  readonly messages: number;
  /** When the one that waits longest was first seen; `undefined` without any. */
  readonly sinceMs: number | undefined;
}

export interface ArchiveWriterState {
  readonly kind: "off" | "resting" | "reading" | "storing" | "putting" | "paused";
  /** Companions write only what no phone has written for long. */
  readonly phone: boolean;
  readonly trouble: ArchiveTrouble | undefined;
  /** Since when the head is one that nobody vouches for. */
  readonly staleSinceMs?: number;
  readonly tries: number;
  readonly retryAtMs: number;
}

export type ArchiveWriterInput =
  | { readonly type: "on"; readonly phone: boolean }
  | { readonly type: "off" }
  /** What waits was counted: the timer ran out, a connection came up (a pause is over), or a new key has to be used without delay. */
  | { readonly type: "look"; readonly waiting: Waiting; readonly why: "timer" | "connected" | "new-key" }
  /** A head that can be believed, or none yet. What it shows to be written was taken off what waits. */
  | { readonly type: "read"; readonly waiting: Waiting; readonly stale: boolean }
  /** `mayBegin`: this device makes the account's keys, and has all history that it could get. */
  | { readonly type: "refused"; readonly fault: HeadFault | "unsupported"; readonly mayBegin?: boolean }
  /** The chunk (and a page) is on the server, and noted here. */
  | { readonly type: "stored" }
  /** `stale`: a new key was made while it was under way. */
  | { readonly type: "put"; readonly waiting: Waiting; readonly stale?: boolean }
  /** Another device was faster. */
  | { readonly type: "conflict" }
  | { readonly type: "full" }
  | { readonly type: "failed"; readonly retryAfterMs?: number };

export type ArchiveWriterEffect =
  | { readonly type: "read-head" }
  /** Seal what waits, the newest first, together with the newest chunk when that is small; upload. */
  | { readonly type: "store-chunk" }
  | { readonly type: "put-head" }
  /** Another archive in place of this one; everything waits again. */
  | { readonly type: "begin-anew" }
  /** One timer; setting it again replaces it. */
  | { readonly type: "set-timer"; readonly afterMs: number };

export const ARCHIVE_OFF: ArchiveWriterState = { kind: "off", phone: false, trouble: undefined, tries: 0, retryAtMs: 0 };

type Stepped = Step<ArchiveWriterState, ArchiveWriterEffect>;

export function stepArchiveWriter(state: ArchiveWriterState, input: ArchiveWriterInput, context: StepContext): Stepped {
  if (input.type === "off") return { state: ARCHIVE_OFF, effects: [] };
  if (input.type === "on") return rest({ ...ARCHIVE_OFF, phone: input.phone }, 1);
  switch (input.type) {
    case "look":
      return look(state, input.waiting, input.why, context);
    case "read":
      if (state.kind !== "reading") return { state, effects: [] };
      return afterRead(withoutTrouble(state), input, context.nowMs);
    case "stored":
      return state.kind === "storing" ? to(state, "putting", "put-head") : { state, effects: [] };
    case "put":
      if (state.kind !== "putting") return { state, effects: [] };
      return afterPut({ ...withoutTrouble(state), tries: 0 }, input);
    case "conflict":
      return state.kind === "putting" ? to(state, "reading", "read-head") : { state, effects: [] };
    case "refused":
      return isBusy(state) ? refused(state, input.fault, input.mayBegin === true, context) : { state, effects: [] };
    case "full":
      return isBusy(state) ? pause({ ...state, trouble: "full" }, ARCHIVE_TROUBLE_PAUSE_MS, context) : { state, effects: [] };
    case "failed": {
      if (!isBusy(state)) return { state, effects: [] };
      const pauseMs = Math.max(input.retryAfterMs ?? 0, retryDelayMs(state.tries, FIRST_RETRY_MS, MAX_RETRY_MS, context.random));
      return pause({ ...state, tries: state.tries + 1 }, pauseMs, context);
    }
  }
}

function look(state: ArchiveWriterState, waiting: Waiting, why: "timer" | "connected" | "new-key", { nowMs }: StepContext): Stepped {
  if (state.kind === "off" || isBusy(state)) return { state, effects: [] };
  // A clock that was set back must not keep it waiting.
  const leftMs = Math.min(state.retryAtMs - nowMs, ARCHIVE_TROUBLE_PAUSE_MS);
  if (state.kind === "paused" && leftMs > 0 && why === "timer") return { state, effects: [{ type: "set-timer", afterMs: leftMs }] };
  // Whoever may remove a device has seen what that device wrote, and what a new key is to seal is found though a crash came between.
  const mustRead = why === "new-key" || (why === "connected" && state.phone);
  // Also with nothing to write: whether the trouble is over.
  const isTroubled = state.kind === "paused" && state.trouble !== undefined;
  if (mustRead || isTroubled || isDue(state, waiting, nowMs)) return to(state, "reading", "read-head");
  return rest(state);
}

function afterRead(state: ArchiveWriterState, { waiting, stale }: { waiting: Waiting; stale: boolean }, nowMs: number): Stepped {
  if (isDue(state, waiting, nowMs)) return to(state, "storing", "store-chunk");
  // Nothing to add, and still to be sealed anew, so that a removed device's key opens no head from now on.
  return stale && state.phone ? to(state, "putting", "put-head") : rest(state);
}

/** What remains goes on at once while it fills chunks: the first writing of a long history. */
function afterPut(state: ArchiveWriterState, { waiting, stale }: { waiting: Waiting; stale?: boolean }): Stepped {
  if (waiting.messages >= ARCHIVE_FLUSH_MESSAGES) return to(state, "storing", "store-chunk");
  return stale === true && state.phone ? to(state, "putting", "put-head") : rest(state);
}

/**
 * Nothing is written over a head that cannot be believed. One that nobody vouches for, a removed device's last word perhaps, will not become
 * better: when it still stands after a while, the archive begins anew.
 */
function refused(state: ArchiveWriterState, fault: HeadFault | "unsupported", mayBegin: boolean, context: StepContext): Stepped {
  if (fault !== "stale-key") return pause({ ...withoutTrouble(state), trouble: fault }, ARCHIVE_TROUBLE_PAUSE_MS, context);
  const sinceMs = Math.min(state.staleSinceMs ?? context.nowMs, context.nowMs);
  const lastedMs = context.nowMs - sinceMs;
  const troubled: ArchiveWriterState = { ...state, trouble: fault, staleSinceMs: sinceMs };
  // Whoever makes the keys is about to replace it: the others look soon, and then more seldom.
  if (!mayBegin) return pause(troubled, Math.min(Math.max(lastedMs, ARCHIVE_ANEW_AFTER_MS), ARCHIVE_TROUBLE_PAUSE_MS), context);
  if (lastedMs < ARCHIVE_ANEW_AFTER_MS) return pause(troubled, ARCHIVE_ANEW_AFTER_MS - lastedMs, context);
  const { state: paused, effects } = pause({ ...withoutTrouble(state), trouble: fault }, 1, context);
  return { state: paused, effects: [{ type: "begin-anew" }, ...effects] };
}

const withoutTrouble = ({ kind, phone, tries, retryAtMs }: ArchiveWriterState): ArchiveWriterState => ({
  kind,
  phone,
  tries,
  retryAtMs,
  trouble: undefined,
});

function isDue({ phone }: ArchiveWriterState, { messages, sinceMs }: Waiting, nowMs: number): boolean {
  if (messages === 0 || sinceMs === undefined) return false;
  // A time in the future comes from a clock that was wrong: it has waited long enough.
  const waitedMs = sinceMs > nowMs ? Number.POSITIVE_INFINITY : nowMs - sinceMs;
  if (!phone) return waitedMs >= ARCHIVE_TAKE_OVER_AFTER_MS;
  return messages >= ARCHIVE_FLUSH_MESSAGES || waitedMs >= ARCHIVE_FLUSH_AFTER_MS;
}

const isBusy = ({ kind }: ArchiveWriterState): boolean => kind === "reading" || kind === "storing" || kind === "putting";

const to = (state: ArchiveWriterState, kind: ArchiveWriterState["kind"], effect: "read-head" | "store-chunk" | "put-head"): Stepped => ({
  state: { ...state, kind },
  effects: [{ type: effect }],
});

const rest = (state: ArchiveWriterState, afterMs = ARCHIVE_LOOK_EVERY_MS): Stepped => ({
  state: { ...state, kind: "resting" },
  effects: [{ type: "set-timer", afterMs }],
});

const pause = (state: ArchiveWriterState, afterMs: number, { nowMs }: StepContext): Stepped => ({
  state: { ...state, kind: "paused", retryAtMs: nowMs + afterMs },
  effects: [{ type: "set-timer", afterMs }],
});

const FAILURES = ["refused", "full", "failed"] as const;

const work = (why: string, ...ends: ArchiveWriterInput["type"][]): StateRule<"timer"> => ({
  work: { why, ends: [...ends, ...FAILURES], withinMs: UPLOAD_ENDS_WITHIN_MS },
});

/** What a diagram draws. */
export const ARCHIVE_WRITER_STATES: Readonly<Record<ArchiveWriterState["kind"], StateRule<"timer">>> = {
  off: { resting: "idle" },
  resting: { deadline: { timer: "timer", why: "what waits is counted again" } },
  reading: work("the head is read", "read"),
  storing: work("a chunk is uploaded", "stored"),
  putting: work("the next head is put", "put", "conflict"),
  paused: { deadline: { timer: "timer", why: "the same is tried again" } },
};

const ROWS: readonly Arrow<ArchiveWriterState["kind"], ArchiveWriterInput["type"]>[] = [
  { in: "off", on: "on", to: ["resting"] },
  { in: "resting", on: "look", to: ["reading"] },
  { in: "paused", on: "look", to: ["reading", "resting"] },
  { in: "reading", on: "read", to: ["storing", "putting", "resting"] },
  { in: "storing", on: "stored", to: ["putting"] },
  { in: "putting", on: "put", to: ["storing", "resting"] },
  { in: "putting", on: "conflict", to: ["reading"] },
  ...(["reading", "storing", "putting"] as const).flatMap((kind) => FAILURES.map((on) => ({ in: kind, on, to: ["paused" as const] }))),
  ...(["reading", "storing", "putting", "paused"] as const).map((kind) => ({ in: kind, on: "on" as const, to: ["resting" as const] })),
  ...(["resting", "reading", "storing", "putting", "paused"] as const).map((kind) => ({
    in: kind,
    on: "off" as const,
    to: ["off" as const],
  })),
];

export const describeArchiveWriter = (): Transition[] => describeRows(ROWS);
export const archiveWriterDeadEnds = (): string[] => findDeadEnds(ARCHIVE_WRITER_STATES, ROWS, () => "look");
