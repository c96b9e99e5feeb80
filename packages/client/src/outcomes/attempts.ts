/**
 * Which parts of the machines are attempts, and how each can end. The catalogue of outcomes is made of this and of the machines' own
 * tables (`catalogue.ts`). Invariant: every state of every machine either belongs to one attempt or is rest; the compiler says so when a
 * state is new.
 */
import type { CompanionKind, CompanionState, GiverKind, GiverState, PhoneKind, PhoneState, TakerKind, TakerState } from "@hawser/linking";
import type { SessionKind, SessionState } from "@hawser/session";
import type { ArchiveWriterState, SinkStage, SourceStage } from "@hawser/sync";

export type Attempt =
  | "connect"
  | "authenticate"
  | "show-code"
  | "link-companion"
  | "link-phone"
  | "move-new-phone"
  | "move-old-phone"
  | "restore-companion"
  | "restore-phone"
  | "finish-move"
  | "give-code"
  | "take-code"
  | "deliver"
  | "resend"
  | "receive-history"
  | "send-history"
  | "write-archive"
  | "read-archive"
  | "repair-store"
  | "repair-state"
  | "recover";

/** How a link's code came from one device to the other. `code`: scanned or pasted. */
export type Route = "code" | "typed" | "reverse" | "other";

/** States of one machine: the attempt each belongs to, `undefined` for rest. */
export interface AttemptMap<Kind extends string> {
  readonly of: Readonly<Record<Kind, Attempt | undefined>>;
  /** Entering one of these from the attempt's own states is success. */
  readonly ok: Readonly<Partial<Record<Attempt, readonly Kind[]>>>;
}

export const SESSION_ATTEMPTS: AttemptMap<SessionKind> = {
  of: {
    idle: undefined,
    opening: "connect",
    "awaiting-hello": "connect",
    signing: "authenticate",
    "awaiting-welcome": "authenticate",
    "verifying-revocation": "authenticate",
    online: undefined,
    waiting: undefined,
    "update-needed": undefined,
    revoked: undefined,
  },
  ok: { connect: ["signing"], authenticate: ["online"] },
};

export const COMPANION_ATTEMPTS: AttemptMap<CompanionKind> = {
  of: {
    idle: undefined,
    preparing: "show-code",
    "waiting-for-scan": "show-code",
    answering: "link-companion",
    requesting: "link-companion",
    comparing: "link-companion",
    checking: "link-companion",
    "hearing-end": "link-companion",
    activating: "link-companion",
    // Certified, but not in: that attempt has failed by its deadline. When it comes in after all, "authenticate" says so.
    unconfirmed: undefined,
    telling: undefined,
    active: undefined,
    paused: undefined,
    ending: undefined,
    failed: undefined,
  },
  ok: { "show-code": ["answering"], "link-companion": ["telling", "active"] },
};

export const PHONE_ATTEMPTS: AttemptMap<PhoneKind> = {
  of: {
    idle: undefined,
    opening: "link-phone",
    offering: "link-phone",
    reading: "link-phone",
    comparing: "link-phone",
    signing: "link-phone",
    sealing: "link-phone",
    "handing-over": "link-phone",
    "awaiting-activation": "link-phone",
    confirming: "link-phone",
    "checking-activity": "link-phone",
    undoing: "link-phone",
    "sealing-rejection": "link-phone",
    rejecting: "link-phone",
    "hearing-end": "link-phone",
    ending: "link-phone",
    active: undefined,
    failed: undefined,
  },
  ok: { "link-phone": ["active"] },
};

export const SINK_ATTEMPTS: AttemptMap<SinkStage> = {
  of: {
    waiting: "receive-history",
    fetching: "receive-history",
    stalled: undefined,
    "storage-full": undefined,
    complete: undefined,
    superseded: undefined,
  },
  // Superseded: another source brought it.
  ok: { "receive-history": ["complete", "superseded"] },
};

export const SOURCE_ATTEMPTS: AttemptMap<SourceStage> = {
  of: {
    uploading: "send-history",
    "waiting-to-retry": "send-history",
    announced: undefined,
    received: undefined,
    cancelled: undefined,
  },
  ok: { "send-history": ["announced", "received"] },
};

export const GIVER_ATTEMPTS: AttemptMap<GiverKind> = {
  of: {
    idle: undefined,
    sharing: "give-code",
    leaving: "give-code",
    shown: "give-code",
    checking: "give-code",
    refusing: "give-code",
    sealing: "give-code",
    handing: "give-code",
    given: undefined,
    spent: undefined,
  },
  ok: { "give-code": ["given"] },
};

export const TAKER_ATTEMPTS: AttemptMap<TakerKind> = {
  of: {
    idle: undefined,
    locating: "take-code",
    looking: "take-code",
    answering: "take-code",
    leaving: "take-code",
    waiting: "take-code",
    making: "take-code",
    shown: "take-code",
    opening: "take-code",
    "handing-over": "take-code",
    taken: undefined,
    failed: undefined,
  },
  ok: { "take-code": ["taken"] },
};

export const ARCHIVE_WRITER_ATTEMPTS: AttemptMap<ArchiveWriterState["kind"]> = {
  of: {
    off: undefined,
    resting: undefined,
    reading: "write-archive",
    storing: "write-archive",
    putting: "write-archive",
    paused: undefined,
  },
  ok: { "write-archive": ["resting"] },
};

/** Machines that are parts of the attempts of others: what carries a connection, where a link's slots are written, whom a device asks. */
export const PARTS_OF_ATTEMPTS: Readonly<Record<string, Attempt>> = {
  stepChoice: "connect",
  stepPlaces: "link-companion",
  stepWish: "receive-history",
};

export const MACHINE_ATTEMPTS: Readonly<Record<string, AttemptMap<string>>> = {
  stepSession: SESSION_ATTEMPTS,
  stepCompanion: COMPANION_ATTEMPTS,
  stepPhone: PHONE_ATTEMPTS,
  stepGiver: GIVER_ATTEMPTS,
  stepTaker: TAKER_ATTEMPTS,
  stepSink: SINK_ATTEMPTS,
  stepSource: SOURCE_ATTEMPTS,
  stepArchiveWriter: ARCHIVE_WRITER_ATTEMPTS,
};

/** What made a device begin afresh in its store. */
export const STORE_REPAIRS = ["damaged", "lost", "older-copy"] as const;
export type StoreRepair = (typeof STORE_REPAIRS)[number];

/** Why nothing could be read of an archive, beside what is wrong with its head. */
export const ARCHIVE_READ_CODES = ["absent", "unfinished", "replaced"] as const;
export type ArchiveReadCode = (typeof ARCHIVE_READ_CODES)[number];

/** What an unreadable message that was asked for ends in, beside coming after all. */
export const RESEND_CODES = ["nothing", "unanswered", "sender-left"] as const;
export type ResendCode = "OK" | (typeof RESEND_CODES)[number];

/** What the outbox does with a message. No machine with a table: a row, its uploads, its frame. */
export const DELIVER_STAGES = ["uploading", "sealing", "sending"] as const;
export type DeliverStage = (typeof DELIVER_STAGES)[number];

/** Why a session's attempt ended: the server's word where it said one, else what was seen from here. */
export function sessionCode({ kind, error, cause }: SessionState): string {
  if (kind === "idle" || kind === "opening") return "CANCELLED";
  if (kind === "revoked") return "DEVICE_REVOKED";
  return (cause === "goodbye" || cause === "closed") && error !== "UNREACHABLE" ? error : cause;
}

export function companionCode({ kind, error }: CompanionState): string {
  if (kind === "paused") return "PAUSED";
  return kind === "failed" || kind === "ending" || kind === "unconfirmed" ? (error ?? "OTHER") : "CANCELLED";
}

export const phoneCode = ({ error }: PhoneState): string => error ?? "OTHER";

/** Of a giver that ends with its code, nobody had used it: that is no fault. */
export const giverCode = ({ error }: GiverState): string => error ?? "CANCELLED";
export const takerCode = ({ error }: TakerState): string => error ?? "OTHER";

export function archiveWriterCode(before: ArchiveWriterState, { kind, tries, trouble }: ArchiveWriterState): string {
  if (kind === "off") return "CANCELLED";
  return tries > before.tries ? "failed" : (trouble ?? "OTHER");
}

/** An account that moves and a device that is given back its identity go the way of a link. */
export function linkAttempt(side: "companion" | "phone", isMove: boolean, isRestore: boolean): Attempt {
  if (isMove) return side === "companion" ? "move-new-phone" : "move-old-phone";
  return isRestore ? `restore-${side}` : `link-${side}`;
}

export const SINK_CODES: Readonly<Partial<Record<SinkStage, string>>> = { stalled: "STALLED", "storage-full": "STORAGE_FULL" };
