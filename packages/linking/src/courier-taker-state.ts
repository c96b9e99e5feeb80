/** What a phone remembers of one courier: letters that a person typed, or a code that it shows. JSON-safe. */
import type { LinkCodeParts } from "./link-code.ts";
import type { Base64Url } from "./link-jobs.ts";
import type { LinkStateRule } from "./link-machine.ts";
import type { LinkErrorName } from "./link-status.ts";

export type TakerKind =
  | "idle"
  | "locating"
  | "looking"
  | "answering"
  | "leaving"
  | "waiting"
  | "making"
  | "shown"
  | "opening"
  | "handing-over"
  | "taken"
  | "failed";

export interface TakerState {
  readonly kind: TakerKind;
  readonly nextEffectId: number;
  readonly asked: number;
  readonly deadlineMs: number;
  readonly origin: string;
  readonly nameplate: string;
  readonly password: string;
  readonly rendezvousId: Base64Url;
  readonly entropy: Base64Url;
  readonly writerToken: Base64Url;
  readonly shareEnvelope: Base64Url | undefined;
  readonly answerEnvelope: Base64Url | undefined;
  readonly replyEnvelope: Base64Url | undefined;
  /** The code that is shown; only in the reverse direction. */
  readonly reverse: ReverseCode | undefined;
  readonly parts: LinkCodeParts | undefined;
  readonly error: LinkErrorName | undefined;
  readonly failuresInARow: number;
}

export interface ReverseCode {
  readonly secret: Base64Url;
  readonly ephemeralSecret: Base64Url;
  readonly ephemeralPublicKey: Base64Url | undefined;
}

export const JOB_DEADLINE_MS = 10_000;
/** Until the server has said what is there. */
export const LOOK_DEADLINE_MS = 15_000;
/** It has: what was not said by then is not there. */
export const NOTHING_THERE_MS = 2_000;
export const LEAVE_DEADLINE_MS = 20_000;
/** A companion that shows the code answers at once. */
export const REPLY_DEADLINE_MS = 20_000;
/** A code on a phone's screen; then a person asks for another. */
export const REVERSE_DEADLINE_MS = 300_000;

export const TAKER_STATES: Readonly<Record<TakerKind, LinkStateRule>> = {
  idle: { resting: "idle" },
  locating: { deadline: { timer: "deadline", why: "find the place" }, afterMs: JOB_DEADLINE_MS },
  looking: { deadline: { timer: "deadline", why: "the companion's share" }, afterMs: LOOK_DEADLINE_MS },
  answering: { deadline: { timer: "deadline", why: "make the answer" }, afterMs: JOB_DEADLINE_MS },
  leaving: { deadline: { timer: "deadline", why: "leave the answer" }, afterMs: LEAVE_DEADLINE_MS },
  waiting: { deadline: { timer: "deadline", why: "the companion's reply" }, afterMs: REPLY_DEADLINE_MS },
  making: { deadline: { timer: "deadline", why: "make a code" }, afterMs: JOB_DEADLINE_MS },
  shown: { deadline: { timer: "deadline", why: "a companion reads the code" }, afterMs: REVERSE_DEADLINE_MS },
  opening: { deadline: { timer: "deadline", why: "open the reply" }, afterMs: JOB_DEADLINE_MS },
  "handing-over": { deadline: { timer: "deadline", why: "begin the link" }, afterMs: JOB_DEADLINE_MS },
  taken: { resting: "final" },
  failed: { resting: "final" },
};

export const INITIAL_TAKER: TakerState = {
  kind: "idle",
  nextEffectId: 1,
  asked: 0,
  deadlineMs: 0,
  origin: "",
  nameplate: "",
  password: "",
  rendezvousId: "",
  entropy: "",
  writerToken: "",
  shareEnvelope: undefined,
  answerEnvelope: undefined,
  replyEnvelope: undefined,
  reverse: undefined,
  parts: undefined,
  error: undefined,
  failuresInARow: 0,
};
