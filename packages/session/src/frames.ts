/** What a frame from the server means in each state. A frame that does not belong there ends the connection, nothing else. */
import { CLOSE_CODES, closeCodeClass, errorClass, errorName, type Goodbye, type ServerFrame } from "@hawser/wire";
import { FAULT_RETRY_MS, MAX_SLOW_DOWN_PERCENT, MIN_SLOW_DOWN_PERCENT, PING_REQUEST_ID, REPLACED_RETRY_MS } from "./policy.ts";
import { sessionStatus } from "./status.ts";
import {
  challenge,
  fail,
  heard,
  measuredAgain,
  needUpdate,
  type SessionStep,
  type StepContext,
  verifyRevocation,
  welcomed,
} from "./transitions.ts";
import type { SessionEffect, SessionState } from "./types.ts";

/** Before ServerHello. */
export function frameBeforeHello(state: SessionState, frame: ServerFrame, context: StepContext): SessionStep {
  if (frame.type === "server-hello") return challenge(state, frame.message, context);
  return otherFrame(state, frame, context);
}

/** Between ServerHello and Welcome. */
export function frameBeforeWelcome(state: SessionState, frame: ServerFrame, context: StepContext): SessionStep {
  if (frame.type === "welcome" && state.kind === "awaiting-welcome") return welcomed(state, frame.message, context);
  return otherFrame(state, frame, context);
}

export function frameOnline(state: SessionState, frame: ServerFrame, context: StepContext): SessionStep {
  if (frame.type === "goodbye" || frame.type === "server-hello" || frame.type === "welcome") return otherFrame(state, frame, context);
  const alive = heard(state, context);
  const effects: SessionEffect[] = [...alive.effects];
  let next = alive.state;
  if (frame.type === "push" && frame.message.event.case === "slowDown") {
    const percent = frame.message.event.value.percent;
    next = { ...next, slowDownPercent: Math.min(MAX_SLOW_DOWN_PERCENT, Math.max(MIN_SLOW_DOWN_PERCENT, percent)) };
  }
  const ownPong = frame.type === "response" && frame.message.id === PING_REQUEST_ID;
  if (ownPong && frame.message.result.case === "ping") {
    const measured = measuredAgain(next, Number(frame.message.result.value.serverTimeMs), context);
    next = measured.state;
    effects.push(...measured.effects);
  }
  if (!ownPong) effects.push({ type: "deliver", connection: state.connection, frame });
  if (frame.type === "batch" && next.catchingUp > 0 && frame.deliveries.length > 0) {
    next = { ...next, catchingUp: Math.max(0, next.catchingUp - frame.deliveries.length) };
    effects.push({ type: "status", status: sessionStatus(next) });
  }
  return { state: next, effects };
}

function otherFrame(state: SessionState, frame: ServerFrame, context: StepContext): SessionStep {
  if (frame.type === "goodbye") return goodbye(state, frame.message, context);
  return fail(
    state,
    { cause: "unexpected-frame", error: "UNEXPECTED_FRAME", floorMs: FAULT_RETRY_MS, closeCode: CLOSE_CODES.fault },
    context,
  );
}

/** The server says why it closes. Only DEVICE_REVOKED with a list is more than "later", and only once that list verifies. */
function goodbye(state: SessionState, message: Goodbye, context: StepContext): SessionStep {
  const error = errorName(message.error) ?? "UNREACHABLE";
  const held = message.retryAfterMs > 0;
  const common = { cause: "goodbye", error, held, closeCode: 1000 } as const;
  switch (errorClass(message.error)) {
    case "update":
      return needUpdate(state, error === "SERVER_TOO_OLD" ? "SERVER_TOO_OLD" : "CLIENT_TOO_OLD", context, 1000);
    case "revoked":
      if (message.revokingList !== undefined && state.mode === "device") return verifyRevocation(state, message.revokingList, context);
      // Nobody showed that it is so: what the screen says must not repeat it.
      return fail(state, { ...common, error: "UNKNOWN_DEVICE", cause: "revocation-unverified", floorMs: message.retryAfterMs }, context);
    case "fault":
      return fail(state, { ...common, floorMs: Math.max(message.retryAfterMs, FAULT_RETRY_MS) }, context);
    case "ask":
    case "retry": {
      const replaced = error === "REPLACED_BY_SAME_DEVICE";
      return fail(state, { ...common, floorMs: Math.max(message.retryAfterMs, replaced ? REPLACED_RETRY_MS : 0) }, context);
    }
  }
}

/** The transport closed without a Goodbye; its code still tells the class. Even "revoked" only means: ask again. */
export function transportClosed(state: SessionState, code: number, context: StepContext): SessionStep {
  switch (closeCodeClass(code)) {
    case "update":
      return needUpdate(state, "CLIENT_TOO_OLD", context);
    case "fault":
      return fail(state, { cause: "closed", error: "UNREACHABLE", floorMs: FAULT_RETRY_MS }, context);
    case "retry":
    case "ask":
    case "revoked":
      return fail(state, { cause: "closed", error: "UNREACHABLE" }, context);
  }
}
