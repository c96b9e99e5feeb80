/**
 * What happens at each transition of a session. Every function gives the next state and the effects that lead there;
 * leaving a state always clears its timers and closes its transport, so nothing of it can speak later.
 */
import { create } from "@bufbuild/protobuf";
import { CLOSE_CODES, type ErrorName, PROTOCOL_MAX, PROTOCOL_MIN, RequestSchema, type ServerHello, type Welcome } from "@hawser/wire";
import type { Random } from "@hawser/base";
import {
  CLOCK_DOUBT_MS,
  GOOD_AFTER_MS,
  MAX_CLOCK_CORRECTION_MS,
  MIN_SLOW_DOWN_PERCENT,
  pauseMs,
  PING_REQUEST_ID,
  pingDelayMs,
  PROBE_WATCHDOG_MS,
  UPDATE_RETRY_MS,
  WATCHDOG_MS,
} from "./policy.ts";
import { DEADLINES, SESSION_STATES } from "./states.ts";
import { sessionStatus } from "./status.ts";
import type { SessionCause, SessionEffect, SessionKind, SessionMode, SessionState, UpdateError } from "./types.ts";

export interface StepContext {
  readonly nowMs: number;
  readonly random: Random;
}

export interface SessionStep {
  readonly state: SessionState;
  readonly effects: readonly SessionEffect[];
}

type Changes = Partial<Omit<SessionState, "kind">>;

const unchanged = (state: SessionState): SessionStep => ({ state, effects: [] });
const set = (timer: "deadline" | "retry" | "ping" | "watchdog" | "good", afterMs: number): SessionEffect => ({
  type: "set-timer",
  timer,
  afterMs,
});

/** Effects that end a state: its timers, and its transport unless the next state keeps it or the peer closed it. */
function leave(state: SessionState, keepTransport: boolean, closeCode: number | undefined): SessionEffect[] {
  const effects: SessionEffect[] = [];
  if (state.kind === "online") {
    for (const timer of ["ping", "watchdog", "good"] as const) effects.push({ type: "clear-timer", timer });
    effects.push({ type: "lost", connection: state.connection });
  } else if (DEADLINES[state.kind] !== undefined) effects.push({ type: "clear-timer", timer: "deadline" });
  else if (state.kind === "waiting" || state.kind === "update-needed") effects.push({ type: "clear-timer", timer: "retry" });
  if (!keepTransport && closeCode !== undefined && SESSION_STATES[state.kind].transport) {
    effects.push({ type: "close-transport", connection: state.connection, code: closeCode });
  }
  return effects;
}

/** Enters `kind`; `before` are the effects that led there. Sets the state's deadline and says the new status. */
function enter(
  state: SessionState,
  kind: SessionKind,
  changes: Changes,
  before: readonly SessionEffect[],
  after: readonly SessionEffect[] = [],
): SessionStep {
  const next: SessionState = { ...state, ...changes, kind };
  const deadline = DEADLINES[kind];
  const effects = [...before];
  if (deadline !== undefined) effects.push(set("deadline", deadline.afterMs));
  effects.push(...after, { type: "status", status: sessionStatus(next) });
  return { state: next, effects };
}

/** Opens a fresh transport, whatever was there before. */
export function open(state: SessionState, changes: Changes = {}): SessionStep {
  const connection = state.connection + 1;
  const before = leave(state, false, 1000);
  return enter(state, "opening", { ...changes, connection, held: false, pinging: false }, before, [{ type: "open-transport", connection }]);
}

export function start(state: SessionState, mode: SessionMode, origin: string): SessionStep {
  if (state.kind !== "idle" && state.mode === mode && state.origin === origin) return unchanged(state);
  return open(state, { mode, origin, failures: 0, error: "UNREACHABLE", cause: "restarted" });
}

export function stop(state: SessionState): SessionStep {
  return enter(state, "idle", { failures: 0, held: false, pinging: false }, leave(state, false, 1000));
}

export interface Failure {
  readonly cause: SessionCause;
  readonly error: ErrorName | "UNREACHABLE";
  /** The pause is at least this long. */
  readonly floorMs?: number;
  /** The server asked for the pause. */
  readonly held?: boolean;
  /** Absent when the other side closed already. */
  readonly closeCode?: number;
}

/** Any trouble that is not a verified revocation: keep everything, try again later. */
export function fail(state: SessionState, failure: Failure, context: StepContext): SessionStep {
  const failures = state.failures + 1;
  const afterMs = pauseMs(failures, failure.floorMs ?? 0, state.slowDownPercent, context.random);
  const changes = {
    failures,
    retryAtMs: context.nowMs + afterMs,
    error: failure.error,
    cause: failure.cause,
    held: failure.held ?? false,
    pinging: false,
  };
  return enter(state, "waiting", changes, leave(state, false, failure.closeCode), [set("retry", afterMs)]);
}

export function failDeadline(state: SessionState, context: StepContext): SessionStep {
  const cause = DEADLINES[state.kind]?.cause ?? "closed";
  return fail(state, { cause, error: cause === "welcome-deadline" ? "TIMEOUT" : "UNREACHABLE", closeCode: CLOSE_CODES.retry }, context);
}

export function needUpdate(state: SessionState, error: UpdateError, context: StepContext, closeCode?: number): SessionStep {
  const afterMs = pauseMs(1, UPDATE_RETRY_MS, 100, context.random);
  const changes = { error, cause: "goodbye", failures: state.failures + 1, retryAtMs: context.nowMs + afterMs, pinging: false } as const;
  return enter(state, "update-needed", changes, leave(state, false, closeCode), [set("retry", afterMs)]);
}

export function opened(state: SessionState): SessionStep {
  return enter(state, "awaiting-hello", {}, leave(state, true, undefined));
}

const believable = (offsetMs: number): number => Math.max(-MAX_CLOCK_CORRECTION_MS, Math.min(MAX_CLOCK_CORRECTION_MS, offsetMs));

/** A Pong measures again: the device's clock may have been set since. The offset stands unless it is clearly wrong. */
export function measuredAgain(state: SessionState, serverTimeMs: number, context: StepContext): SessionStep {
  const offsetMs = believable(serverTimeMs - context.nowMs);
  const wrong = Math.abs(offsetMs - state.clockOffsetMs) > CLOCK_DOUBT_MS;
  const next = { ...state, clockMeasurements: state.clockMeasurements + 1, ...(wrong ? { clockOffsetMs: offsetMs } : {}) };
  return { state: next, effects: wrong ? [{ type: "status", status: sessionStatus(next) }] : [] };
}

/** ServerHello: versions must meet, and the origin must be the one this device signs for. */
export function challenge(state: SessionState, hello: ServerHello, context: StepContext): SessionStep {
  if (hello.origin !== state.origin)
    return fail(state, { cause: "origin-mismatch", error: "UNREACHABLE", closeCode: CLOSE_CODES.fault }, context);
  if (hello.protocolMin > PROTOCOL_MAX) return needUpdate(state, "CLIENT_TOO_OLD", context, CLOSE_CODES.update);
  if (hello.protocolMax < PROTOCOL_MIN) return needUpdate(state, "SERVER_TOO_OLD", context, CLOSE_CODES.update);
  const effectId = state.nextEffectId;
  const changes = {
    asked: effectId,
    nextEffectId: effectId + 1,
    clockOffsetMs: believable(Number(hello.serverTimeMs) - context.nowMs),
    clockMeasurements: state.clockMeasurements + 1,
  };
  return enter(state, "signing", changes, leave(state, true, undefined), [{ type: "sign-challenge", effectId, mode: state.mode, hello }]);
}

export function sendHello(state: SessionState, frame: Extract<SessionEffect, { type: "send-frame" }>["frame"]): SessionStep {
  const effects: SessionEffect[] = [{ type: "send-frame", connection: state.connection, frame }];
  return enter(state, "awaiting-welcome", {}, leave(state, true, undefined), effects);
}

export function welcomed(state: SessionState, message: Welcome, context: StepContext): SessionStep {
  const catchingUp = Number(message.device?.waiting ?? 0n);
  // A server that is still busy says so again.
  const changes = { catchingUp, pinging: false, error: "UNREACHABLE", slowDownPercent: MIN_SLOW_DOWN_PERCENT } as const;
  const step = enter(state, "online", changes, leave(state, true, undefined), [
    set("ping", pingDelayMs(MIN_SLOW_DOWN_PERCENT, context.random)),
    set("good", GOOD_AFTER_MS),
  ]);
  return {
    state: step.state,
    effects: [...step.effects, { type: "deliver", connection: state.connection, frame: { type: "welcome", message } }],
  };
}

/** Asks whether the other side is still there. A second question changes nothing but, for a probe, the time it has. */
export function ping(state: SessionState, probe: boolean): SessionStep {
  if (state.pinging && !probe) return unchanged(state);
  const effects: SessionEffect[] = [set("watchdog", probe ? PROBE_WATCHDOG_MS : WATCHDOG_MS)];
  if (!state.pinging) {
    const message = create(RequestSchema, { id: PING_REQUEST_ID, operation: { case: "ping", value: {} } });
    effects.unshift(
      { type: "clear-timer", timer: "ping" },
      { type: "send-frame", connection: state.connection, frame: { type: "request", message } },
    );
  }
  return { state: { ...state, pinging: true }, effects };
}

/** Anything heard answers an outstanding ping. */
export function heard(state: SessionState, context: StepContext): SessionStep {
  if (!state.pinging) return unchanged(state);
  const delayMs = pingDelayMs(state.slowDownPercent, context.random);
  return { state: { ...state, pinging: false }, effects: [{ type: "clear-timer", timer: "watchdog" }, set("ping", delayMs)] };
}

export function verifyRevocation(
  state: SessionState,
  list: Extract<SessionEffect, { type: "verify-revocation" }>["list"],
  context: StepContext,
): SessionStep {
  const effectId = state.nextEffectId;
  const changes = {
    asked: effectId,
    nextEffectId: effectId + 1,
    error: "DEVICE_REVOKED",
    cause: "goodbye",
    retryAtMs: context.nowMs,
    pinging: false,
  } as const;
  return enter(state, "verifying-revocation", changes, leave(state, false, 1000), [{ type: "verify-revocation", effectId, list }]);
}

export function revoked(state: SessionState): SessionStep {
  return enter(state, "revoked", {}, leave(state, false, undefined), [{ type: "revoked", effectId: state.asked }]);
}
