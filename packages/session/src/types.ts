/**
 * The session machine's vocabulary. How a driver serves it:
 *
 * - Call `step(state, input, {nowMs, random})`, keep the new state, carry out the effects in their order.
 * - `connection` numbers a transport. The driver opens one per `open-transport` and reports about it under that number;
 *   reports about older ones are ignored, so a late `closed` does no harm.
 * - `effectId` names a question; its answer comes back as the input of the same id. Late answers are ignored.
 * - Timers are one-shot, named, and replaced by setting them again.
 */
import type { ErrorName, ClientFrame, ClientHello, ServerFrame, ServerHello, SignedDeviceList } from "@hawser/wire";

/** `anonymous` for registration, restoring and the companion's side of a link; `device` afterwards. */
export type SessionMode = "device" | "anonymous";

export type SessionInput =
  /** Connect and stay connected. Idempotent; with another mode it reconnects. */
  | { readonly type: "start"; readonly mode: SessionMode; readonly origin: string }
  | { readonly type: "stop" }
  | { readonly type: "opened"; readonly connection: number }
  | { readonly type: "frame"; readonly connection: number; readonly frame: ServerFrame }
  /** A frame that did not decode (not: one of an unknown type, which the driver drops). */
  | { readonly type: "malformed"; readonly connection: number }
  | { readonly type: "closed"; readonly connection: number; readonly code: number }
  | { readonly type: "timer"; readonly timer: SessionTimer }
  /** Hints of the platform. They make the machine look; they never make it believe. */
  | { readonly type: "network-changed" }
  | { readonly type: "online" }
  | { readonly type: "offline" }
  /** Answers `sign-challenge`; `undefined` when it could not be done (keys not readable now). */
  | { readonly type: "signed"; readonly effectId: number; readonly hello: ClientHello | undefined }
  /** Answers `verify-revocation`. */
  | { readonly type: "revocation-checked"; readonly effectId: number; readonly valid: boolean }
  /** Something to send. Without a welcomed connection it is answered by `not-sent`. */
  | { readonly type: "send"; readonly frame: ClientFrame };

export type SessionTimer = "deadline" | "retry" | "ping" | "watchdog" | "good";

export type SessionEffect =
  | { readonly type: "open-transport"; readonly connection: number }
  | { readonly type: "close-transport"; readonly connection: number; readonly code: number }
  | { readonly type: "send-frame"; readonly connection: number; readonly frame: ClientFrame }
  /** The frame given with `send` did not go out; keep it for the next welcome. */
  | { readonly type: "not-sent"; readonly frame: ClientFrame }
  /**
   * Build the whole ClientHello: platform, version, capabilities; in mode `device` also cursor, staples and the signature
   * over `hello.nonce` and the OWN origin (the machine has checked that `hello.origin` is the same).
   */
  | { readonly type: "sign-challenge"; readonly effectId: number; readonly mode: SessionMode; readonly hello: ServerHello }
  /** Check that `list` follows from the pinned chain, is signed by the account, and revokes this device. */
  | { readonly type: "verify-revocation"; readonly effectId: number; readonly list: SignedDeviceList }
  /** The list of `verify-revocation` with this id was verified: wipe. The machine has stopped for good. */
  | { readonly type: "revoked"; readonly effectId: number }
  /** `welcome`, `response` (but for the machine's own pings), `push`, `batch`. A welcome means: sending works now. */
  | { readonly type: "deliver"; readonly connection: number; readonly frame: ServerFrame }
  /** The welcomed connection is gone: requests under way will not be answered. */
  | { readonly type: "lost"; readonly connection: number }
  | { readonly type: "set-timer"; readonly timer: SessionTimer; readonly afterMs: number }
  | { readonly type: "clear-timer"; readonly timer: SessionTimer }
  | { readonly type: "status"; readonly status: SessionStatus };

/** Structurally the client's `ConnectionStatus`; `cause` is for the log and the diagnosis. */
export type SessionStatus =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting"; readonly attempt: number }
  | { readonly kind: "online"; readonly clockOffsetMs: number; readonly catchingUp: number }
  | {
      readonly kind: "offline";
      readonly error: ErrorName | "UNREACHABLE";
      readonly retryAtMs: number;
      readonly attempt: number;
      readonly cause: SessionCause;
    }
  | { readonly kind: "update-needed"; readonly error: UpdateError };

export type UpdateError = "CLIENT_TOO_OLD" | "SERVER_TOO_OLD";

/** Why a connection ended or never came to be, as seen from here: the whole registry; the catalogue of outcomes is made of it. */
export const SESSION_CAUSES = [
  "connect-deadline",
  "hello-deadline",
  "sign-deadline",
  "sign-failed",
  "welcome-deadline",
  "watchdog",
  "closed",
  "goodbye",
  "malformed",
  "unexpected-frame",
  "origin-mismatch",
  "revocation-unverified",
  "restarted",
] as const;
export type SessionCause = (typeof SESSION_CAUSES)[number];

export type SessionKind =
  | "idle"
  | "opening"
  | "awaiting-hello"
  | "signing"
  | "awaiting-welcome"
  | "online"
  | "verifying-revocation"
  | "waiting"
  | "update-needed"
  | "revoked";

/** Plain numbers and strings: safe to serialise. A restored state is entered through `restore`. */
export interface SessionState {
  readonly kind: SessionKind;
  readonly mode: SessionMode;
  /** The origin this device signs for; a server that names another is not answered. */
  readonly origin: string;
  /** The newest transport's number; it is open in exactly the kinds whose rule says so. */
  readonly connection: number;
  readonly nextEffectId: number;
  /** The question under way, in `signing` and `verifying-revocation`. */
  readonly asked: number;
  /** Failures since the last good connection. */
  readonly failures: number;
  /** The server named this pause, so hints of the platform do not shorten it. */
  readonly held: boolean;
  readonly retryAtMs: number;
  readonly error: ErrorName | "UNREACHABLE";
  readonly cause: SessionCause;
  readonly clockOffsetMs: number;
  /** How often the offset was measured: by each ServerHello and each Pong. */
  readonly clockMeasurements: number;
  readonly catchingUp: number;
  /** A ping waits for its answer. */
  readonly pinging: boolean;
  readonly slowDownPercent: number;
}
