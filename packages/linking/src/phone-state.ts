/** What a phone remembers of one link attempt, and its states with their deadlines. JSON-safe. One machine per attempt. */
import type { LinkStateRule } from "./link-machine.ts";
import type { AccountPasskeys, ApprovalFields, Base64Url, DecisionFields, OfferFields, PhoneChannel, RequestFields } from "./link-jobs.ts";
import type { LinkErrorName, PasskeyCheck } from "./link-status.ts";
import type { WaitForTurn } from "./waiting-place.ts";

export type PhoneKind =
  | "idle"
  | "opening"
  | "offering"
  | "reading"
  | "comparing"
  | "signing"
  | "sealing"
  | "handing-over"
  | "awaiting-activation"
  | "confirming"
  | "checking-activity"
  | "hearing-end"
  | "undoing"
  | "sealing-rejection"
  | "rejecting"
  | "ending"
  | "active"
  | "failed";

export interface PhoneState {
  readonly kind: PhoneKind;
  readonly nextEffectId: number;
  readonly asked: number;
  readonly deadlineMs: number;
  readonly channel: PhoneChannel | undefined;
  readonly offer: OfferFields | undefined;
  readonly writerToken: Base64Url;
  readonly offerEnvelope: Base64Url | undefined;
  /** The offer is on the server: this phone is the one whose offer counts. */
  readonly offered: boolean;
  readonly requestEnvelope: Base64Url | undefined;
  readonly request: RequestFields | undefined;
  readonly passkeys: AccountPasskeys | undefined;
  /** What the companion has shown of them; `undefined` where the account has none. */
  readonly passkeyCheck: PasskeyCheck | undefined;
  readonly passkeyEnvelope: Base64Url | undefined;
  readonly matchCode: string | undefined;
  /** The name the list will carry; fixed by `approve`. */
  readonly deviceName: string;
  /** The device whose identity is given back; 0: a new one is added. Fixed by `approve`. */
  readonly restore: number;
  /** The account has as many companions as it may have: one more fits only when one leaves. */
  readonly full: boolean;
  /** The device that leaves in the same list; 0: none. Fixed by `approve`. */
  readonly remove: number;
  readonly approval: ApprovalFields | undefined;
  readonly decision: DecisionFields | undefined;
  readonly decisionEnvelope: Base64Url | undefined;
  readonly activeEnvelope: Base64Url | undefined;
  /** The own end while `ending`, the companion's while `hearing-end`. */
  readonly endEnvelope: Base64Url | undefined;
  readonly error: LinkErrorName | undefined;
  /** `error` is what the companion said. */
  readonly toldByOther: boolean;
  /** With `error`: not before then. */
  readonly retryAtMs: number;
  readonly turn: WaitForTurn | undefined;
  readonly failuresInARow: number;
}

export const JOB_DEADLINE_MS = 10_000;
/** From the scan to the companion's request. */
export const REQUEST_DEADLINE_MS = 30_000;
export const DECISION_DEADLINE_MS = 120_000;
export const SIGN_DEADLINE_MS = 15_000;
/** The decision must be on the server by then, or the link is undone. */
export const HAND_OVER_DEADLINE_MS = 60_000;
/** A device that was never connected by then is revoked with LINK_UNDONE. */
export const PHONE_ACTIVATION_MS = 180_000;
/** While waiting for the activation, the server is asked this often as well. */
export const ACTIVITY_POLL_MS = 15_000;
/** Cleaning up goes on until it is done. */
export const CLEAN_UP_RETRY_MS = 30_000;
export const REJECTION_DEADLINE_MS = 20_000;
/** So long it is tried to tell the companion that it is over. */
export const END_DEADLINE_MS = 60_000;

export const PHONE_STATES: Readonly<Record<PhoneKind, LinkStateRule>> = {
  idle: { resting: "idle" },
  opening: { deadline: { timer: "deadline", why: "open the channel" }, afterMs: JOB_DEADLINE_MS },
  offering: { deadline: { timer: "deadline", why: "the companion's request" }, afterMs: REQUEST_DEADLINE_MS },
  reading: { deadline: { timer: "deadline", why: "verify the request" }, afterMs: JOB_DEADLINE_MS },
  comparing: { deadline: { timer: "deadline", why: "the person's decision" }, afterMs: DECISION_DEADLINE_MS },
  signing: { deadline: { timer: "deadline", why: "sign the list" }, afterMs: SIGN_DEADLINE_MS },
  sealing: { deadline: { timer: "deadline", why: "seal the approval" }, afterMs: JOB_DEADLINE_MS },
  "handing-over": { deadline: { timer: "deadline", why: "leave the approval" }, afterMs: HAND_OVER_DEADLINE_MS },
  "awaiting-activation": { deadline: { timer: "deadline", why: "the companion's first connection" }, afterMs: PHONE_ACTIVATION_MS },
  confirming: { deadline: { timer: "deadline", why: "open the companion's word" }, afterMs: JOB_DEADLINE_MS },
  "checking-activity": { deadline: { timer: "deadline", why: "ask the server again" }, afterMs: CLEAN_UP_RETRY_MS },
  "hearing-end": { deadline: { timer: "deadline", why: "verify the companion's end" }, afterMs: JOB_DEADLINE_MS },
  undoing: { deadline: { timer: "deadline", why: "undo again" }, afterMs: CLEAN_UP_RETRY_MS },
  "sealing-rejection": { deadline: { timer: "deadline", why: "seal the refusal" }, afterMs: JOB_DEADLINE_MS },
  rejecting: { deadline: { timer: "deadline", why: "leave the refusal" }, afterMs: REJECTION_DEADLINE_MS },
  ending: { deadline: { timer: "deadline", why: "tell the companion that it is over" }, afterMs: END_DEADLINE_MS },
  active: { resting: "final" },
  failed: { resting: "final" },
};

export const INITIAL_PHONE: PhoneState = {
  kind: "idle",
  nextEffectId: 1,
  asked: 0,
  deadlineMs: 0,
  channel: undefined,
  offer: undefined,
  writerToken: "",
  offerEnvelope: undefined,
  offered: false,
  requestEnvelope: undefined,
  request: undefined,
  passkeys: undefined,
  passkeyCheck: undefined,
  passkeyEnvelope: undefined,
  matchCode: undefined,
  deviceName: "",
  restore: 0,
  full: false,
  remove: 0,
  approval: undefined,
  decision: undefined,
  decisionEnvelope: undefined,
  activeEnvelope: undefined,
  endEnvelope: undefined,
  error: undefined,
  toldByOther: false,
  retryAtMs: 0,
  turn: undefined,
  failuresInARow: 0,
};
