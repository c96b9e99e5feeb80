/** What a companion remembers of one courier, which brings the parts of one of its codes to a phone. JSON-safe. */
import type { LinkCodeParts } from "./link-code.ts";
import type { Base64Url } from "./link-jobs.ts";
import type { LinkStateRule } from "./link-machine.ts";
import type { LinkErrorName } from "./link-status.ts";

export type GiverKind = "idle" | "sharing" | "leaving" | "shown" | "checking" | "refusing" | "sealing" | "handing" | "given" | "spent";

export interface GiverState {
  readonly kind: GiverKind;
  readonly nextEffectId: number;
  readonly asked: number;
  readonly deadlineMs: number;
  readonly origin: string;
  readonly parts: LinkCodeParts | undefined;
  /** The phone's code that was read; only in the reverse direction. */
  readonly reverse: LinkCodeParts | undefined;
  readonly nameplate: string;
  readonly password: string;
  readonly rendezvousId: Base64Url;
  readonly entropy: Base64Url;
  readonly writerToken: Base64Url;
  readonly shareEnvelope: Base64Url | undefined;
  readonly answerEnvelope: Base64Url | undefined;
  readonly replyEnvelope: Base64Url | undefined;
  /** Codes that a wrong guess used up, and nameplates that were somebody else's. */
  readonly burnt: number;
  readonly collisions: number;
  readonly error: LinkErrorName | undefined;
}

/** What the companion's screen takes from a courier. */
export interface GiverStatus {
  /** The letters, while they work. */
  readonly typedCode: string | undefined;
  readonly outcome: "open" | "given" | "spent";
  readonly error: LinkErrorName | undefined;
}

export const JOB_DEADLINE_MS = 10_000;
/** As long as its code is the newest. */
export const LEAVE_DEADLINE_MS = 60_000;
/** Longer than any code lives: the driver ends a courier together with its code. */
export const SHOWN_DEADLINE_MS = 130_000;
export const REFUSE_DEADLINE_MS = 10_000;
export const HAND_DEADLINE_MS = 30_000;
/** Wrong guesses for one code; then its letters are gone until the next code. Each is right once in 2^20. */
export const MAX_BURNT = 3;
export const MAX_COLLISIONS = 8;

export const GIVER_STATES: Readonly<Record<GiverKind, LinkStateRule>> = {
  idle: { resting: "idle" },
  sharing: { deadline: { timer: "deadline", why: "make a share" }, afterMs: JOB_DEADLINE_MS },
  leaving: { deadline: { timer: "deadline", why: "leave the share" }, afterMs: LEAVE_DEADLINE_MS },
  shown: { deadline: { timer: "deadline", why: "somebody types the code" }, afterMs: SHOWN_DEADLINE_MS },
  checking: { deadline: { timer: "deadline", why: "check the answer" }, afterMs: JOB_DEADLINE_MS },
  refusing: { deadline: { timer: "deadline", why: "leave the refusal" }, afterMs: REFUSE_DEADLINE_MS },
  sealing: { deadline: { timer: "deadline", why: "seal the parts" }, afterMs: JOB_DEADLINE_MS },
  handing: { deadline: { timer: "deadline", why: "leave the parts" }, afterMs: HAND_DEADLINE_MS },
  given: { resting: "final" },
  spent: { resting: "final" },
};

export const INITIAL_GIVER: GiverState = {
  kind: "idle",
  nextEffectId: 1,
  asked: 0,
  deadlineMs: 0,
  origin: "",
  parts: undefined,
  reverse: undefined,
  nameplate: "",
  password: "",
  rendezvousId: "",
  entropy: "",
  writerToken: "",
  shareEnvelope: undefined,
  answerEnvelope: undefined,
  replyEnvelope: undefined,
  burnt: 0,
  collisions: 0,
  error: undefined,
};
