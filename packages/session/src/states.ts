/** The states of a session, their deadlines, and whether a transport may be open in them. */
import type { StateRule } from "@hawser/base";
import { CONNECT_DEADLINE_MS, HELLO_DEADLINE_MS, SIGN_DEADLINE_MS, VERIFY_DEADLINE_MS, WELCOME_DEADLINE_MS } from "./policy.ts";
import type { SessionCause, SessionKind, SessionState, SessionTimer } from "./types.ts";

interface SessionStateRule extends StateRule<SessionTimer> {
  /** Whether a transport may be open in this state. */
  readonly transport: boolean;
}

export const SESSION_STATES: Readonly<Record<SessionKind, SessionStateRule>> = {
  idle: { resting: "idle", transport: false },
  opening: { deadline: { timer: "deadline", why: "connect" }, transport: true },
  "awaiting-hello": { deadline: { timer: "deadline", why: "hello" }, transport: true },
  signing: { deadline: { timer: "deadline", why: "sign" }, transport: true },
  "awaiting-welcome": { deadline: { timer: "deadline", why: "welcome" }, transport: true },
  online: { deadline: { timer: "watchdog", why: "a ping is sent every 25 s and must be answered" }, transport: true },
  "verifying-revocation": { deadline: { timer: "deadline", why: "verify" }, transport: false },
  waiting: { deadline: { timer: "retry", why: "pause" }, transport: false },
  "update-needed": { deadline: { timer: "retry", why: "ask again hourly" }, transport: false },
  revoked: { resting: "final", transport: false },
};

/** The kinds that run the `deadline` timer: how long, and what its end means. */
export const DEADLINES: Readonly<Partial<Record<SessionKind, { readonly afterMs: number; readonly cause: SessionCause }>>> = {
  opening: { afterMs: CONNECT_DEADLINE_MS, cause: "connect-deadline" },
  "awaiting-hello": { afterMs: HELLO_DEADLINE_MS, cause: "hello-deadline" },
  signing: { afterMs: SIGN_DEADLINE_MS, cause: "sign-deadline" },
  "awaiting-welcome": { afterMs: WELCOME_DEADLINE_MS, cause: "welcome-deadline" },
  "verifying-revocation": { afterMs: VERIFY_DEADLINE_MS, cause: "revocation-unverified" },
};

export const INITIAL_SESSION: SessionState = {
  kind: "idle",
  mode: "anonymous",
  origin: "",
  connection: 0,
  nextEffectId: 1,
  asked: 0,
  failures: 0,
  held: false,
  retryAtMs: 0,
  error: "UNREACHABLE",
  cause: "closed",
  clockOffsetMs: 0,
  clockMeasurements: 0,
  catchingUp: 0,
  pinging: false,
  slowDownPercent: 100,
};
