/** What a companion remembers of a link, and its states with their deadlines. JSON-safe. */
import type { LinkStateRule } from "./link-machine.ts";
import type {
  ApprovalFields,
  Base64Url,
  CompanionChannel,
  NewDeviceKind,
  NewDeviceSecrets,
  OfferFields,
  PasskeyAnswer,
  PasskeyRequest,
} from "./link-jobs.ts";
import type { LinkErrorName } from "./link-status.ts";
import type { WaitForTurn } from "./waiting-place.ts";

export type CompanionKind =
  | "idle"
  | "preparing"
  | "waiting-for-scan"
  | "answering"
  | "requesting"
  | "comparing"
  | "checking"
  | "hearing-end"
  | "activating"
  | "unconfirmed"
  | "telling"
  | "active"
  | "paused"
  | "ending"
  | "failed";

/** A code on the screen. */
export interface Code {
  readonly rendezvousId: Base64Url;
  readonly secret: Base64Url;
  readonly ephemeralSecret: Base64Url;
  readonly ephemeralPublicKey: Base64Url;
}

export interface CompanionState {
  readonly kind: CompanionKind;
  /** What this device is to become. */
  readonly as: NewDeviceKind;
  readonly origin: string;
  readonly deviceName: string;
  readonly platform: string;
  readonly nextEffectId: number;
  /** The question under way. */
  readonly asked: number;
  /** When this state ends by itself, by the device's own clock. */
  readonly deadlineMs: number;
  /** The newest code first; at most `LIVE_CODES`. */
  readonly codes: readonly Code[];
  /** The code being made; its public key is asked for. */
  readonly making: Omit<Code, "ephemeralPublicKey"> | undefined;
  readonly rotations: number;
  readonly channel: CompanionChannel | undefined;
  readonly secrets: NewDeviceSecrets | undefined;
  readonly writerToken: Base64Url;
  readonly offer: OfferFields | undefined;
  readonly matchCode: string | undefined;
  readonly requestEnvelope: Base64Url | undefined;
  /** This platform can be asked for a passkey. */
  readonly passkeys: boolean;
  /** What the account asks this device's authenticator; gone once it was answered. */
  readonly passkeyRequest: PasskeyRequest | undefined;
  /** The answer to be sealed, which may be that there is none. */
  readonly passkeyAnswer: PasskeyAnswer | "none" | undefined;
  readonly passkeyEnvelope: Base64Url | undefined;
  readonly passkeySent: boolean;
  readonly decisionEnvelope: Base64Url | undefined;
  readonly approval: ApprovalFields | undefined;
  readonly activeEnvelope: Base64Url | undefined;
  /** The own end while `ending`, the phone's while `hearing-end`. */
  readonly endEnvelope: Base64Url | undefined;
  readonly error: LinkErrorName | undefined;
  /** `error` is what the phone said. */
  readonly toldByOther: boolean;
  /** With `error`: not before then. */
  readonly retryAtMs: number;
  readonly turn: WaitForTurn | undefined;
  readonly failuresInARow: number;
}

/** A new code every minute; the one before it still works. */
export const ROTATE_MS = 60_000;
export const LIVE_CODES = 2;
/** After so many codes without a scan the page pauses. */
export const MAX_ROTATIONS = 6;
/** Local cryptography. */
export const JOB_DEADLINE_MS = 10_000;
/** The request must be on the server by then. */
export const REQUEST_PUT_DEADLINE_MS = 20_000;
/** The person at the phone compares and confirms; longer than the phone's own deadline, so that its "no" arrives. */
export const DECISION_WAIT_MS = 180_000;
/** Connecting for the first time; afterwards it goes on, but the screen says so. */
export const COMPANION_ACTIVATION_MS = 60_000;
/** Telling the phone is a courtesy: it also learns it from the server, or by its own deadline. */
export const TELL_DEADLINE_MS = 60_000;

export const COMPANION_STATES: Readonly<Record<CompanionKind, LinkStateRule>> = {
  idle: { resting: "idle" },
  preparing: { deadline: { timer: "deadline", why: "make a code" }, afterMs: JOB_DEADLINE_MS },
  "waiting-for-scan": { deadline: { timer: "deadline", why: "next code" }, afterMs: ROTATE_MS },
  answering: { deadline: { timer: "deadline", why: "open the offer" }, afterMs: JOB_DEADLINE_MS },
  requesting: { deadline: { timer: "deadline", why: "leave the request" }, afterMs: REQUEST_PUT_DEADLINE_MS },
  comparing: { deadline: { timer: "deadline", why: "the person's decision" }, afterMs: DECISION_WAIT_MS },
  checking: { deadline: { timer: "deadline", why: "verify the decision" }, afterMs: JOB_DEADLINE_MS },
  "hearing-end": { deadline: { timer: "deadline", why: "verify the phone's end" }, afterMs: JOB_DEADLINE_MS },
  activating: { deadline: { timer: "deadline", why: "first connection" }, afterMs: COMPANION_ACTIVATION_MS },
  // Certified and stored, not yet welcomed: it goes on connecting, and a person may press "again". Never erased from here.
  unconfirmed: { resting: "idle" },
  telling: { deadline: { timer: "deadline", why: "tell the phone" }, afterMs: TELL_DEADLINE_MS },
  active: { resting: "final" },
  paused: { resting: "idle" },
  // For the person it has failed; a new code may be asked for at once.
  ending: { deadline: { timer: "deadline", why: "tell the phone that it is over" }, afterMs: TELL_DEADLINE_MS },
  failed: { resting: "idle" },
};

export const INITIAL_COMPANION: CompanionState = {
  kind: "idle",
  as: "companion",
  origin: "",
  deviceName: "",
  platform: "",
  nextEffectId: 1,
  asked: 0,
  deadlineMs: 0,
  codes: [],
  making: undefined,
  rotations: 0,
  channel: undefined,
  secrets: undefined,
  writerToken: "",
  offer: undefined,
  matchCode: undefined,
  requestEnvelope: undefined,
  passkeys: false,
  passkeyRequest: undefined,
  passkeyAnswer: undefined,
  passkeyEnvelope: undefined,
  passkeySent: false,
  decisionEnvelope: undefined,
  approval: undefined,
  activeEnvelope: undefined,
  endEnvelope: undefined,
  error: undefined,
  toldByOther: false,
  retryAtMs: 0,
  turn: undefined,
  failuresInARow: 0,
};
