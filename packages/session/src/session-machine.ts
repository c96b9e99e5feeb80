/**
 * One device's connection to its server, for as long as the program runs. Invariants: at most one transport is open;
 * nothing but ClientHello leaves before Welcome; every wait ends by a deadline; `revoked` is reached only through a list
 * that the client verified. docs/PROTOCOL.md, "Connection".
 */
import { assert, describeRows, findDeadEnds, indexRows, type Row, type Transition } from "@hawser/base";
import { CLOSE_CODES } from "@hawser/wire";
import { frameBeforeHello, frameBeforeWelcome, frameOnline, transportClosed } from "./frames.ts";
import { FAULT_RETRY_MS } from "./policy.ts";
import { INITIAL_SESSION, SESSION_STATES } from "./states.ts";
import {
  fail,
  failDeadline,
  open,
  opened,
  ping,
  revoked,
  sendHello,
  type SessionStep,
  start,
  type StepContext,
  stop,
} from "./transitions.ts";
import type { SessionInput, SessionKind, SessionState, SessionTimer } from "./types.ts";

/** What a row is looked up by: the input's type; timers by name. */
type InputKey = Exclude<SessionInput["type"], "timer"> | `timer:${SessionTimer}`;
type Of<Type extends SessionInput["type"]> = Extract<SessionInput, { type: Type }>;
type Handler = (state: SessionState, input: never, context: StepContext) => SessionStep;

/** Keeps a handler's input type tied to the row's key; `step` looks up by the same key. */
const row = <Type extends SessionInput["type"]>(
  kinds: readonly SessionKind[],
  on: InputKey & (Type | `timer:${string}`),
  to: readonly SessionKind[],
  run: (state: SessionState, input: Of<Type>, context: StepContext) => SessionStep,
): Row<SessionKind, InputKey, Handler>[] => kinds.map((kind) => ({ in: kind, on, to, run }));

const CONNECTED: readonly SessionKind[] = ["opening", "awaiting-hello", "signing", "awaiting-welcome", "online"];
const HANDSHAKE: readonly SessionKind[] = ["opening", "awaiting-hello", "signing", "awaiting-welcome"];
const PAUSED: readonly SessionKind[] = ["waiting", "update-needed"];
const ANY: readonly SessionKind[] = ["idle", ...CONNECTED, "verifying-revocation", ...PAUSED];

const ENDED: readonly SessionKind[] = ["waiting", "update-needed"];
const REFUSED: readonly SessionKind[] = [...ENDED, "verifying-revocation"];

export const SESSION_ROWS: readonly Row<SessionKind, InputKey, Handler>[] = [
  ...row<"start">(["idle"], "start", ["opening"], (state, input) => start(state, input.mode, input.origin)),
  ...[...CONNECTED, ...PAUSED].flatMap((kind) =>
    row<"start">([kind], "start", [kind, "opening"], (state, input) => start(state, input.mode, input.origin)),
  ),
  ...row<"stop">(
    ANY.filter((kind) => kind !== "idle"),
    "stop",
    ["idle"],
    (state) => stop(state),
  ),

  ...row<"opened">(["opening"], "opened", ["awaiting-hello"], (state) => opened(state)),
  // A fast server's hello may be reported before `opened`.
  ...row<"frame">(["opening", "awaiting-hello"], "frame", ["signing", ...REFUSED], (state, input, context) =>
    frameBeforeHello(state, input.frame, context),
  ),
  ...row<"signed">(["signing"], "signed", ["awaiting-welcome", "waiting"], (state, input, context) =>
    input.hello === undefined
      ? fail(state, { cause: "sign-failed", error: "UNREACHABLE", closeCode: CLOSE_CODES.retry }, context)
      : sendHello(state, { type: "client-hello", message: input.hello }),
  ),
  ...row<"frame">(["signing"], "frame", REFUSED, (state, input, context) => frameBeforeWelcome(state, input.frame, context)),
  ...row<"frame">(["awaiting-welcome"], "frame", ["online", ...REFUSED], (state, input, context) =>
    frameBeforeWelcome(state, input.frame, context),
  ),
  ...row<"frame">(["online"], "frame", ["online", ...REFUSED], (state, input, context) => frameOnline(state, input.frame, context)),

  ...row<"closed">(CONNECTED, "closed", ENDED, (state, input, context) => transportClosed(state, input.code, context)),
  ...row<"malformed">(CONNECTED, "malformed", ["waiting"], (state, _input, context) =>
    fail(state, { cause: "malformed", error: "MALFORMED_FRAME", floorMs: FAULT_RETRY_MS, closeCode: CLOSE_CODES.fault }, context),
  ),
  ...row<"timer">(HANDSHAKE, "timer:deadline", ["waiting"], (state, _input, context) => failDeadline(state, context)),

  ...row<"send">(["online"], "send", ["online"], (state, input) => ({
    state,
    effects: [{ type: "send-frame", connection: state.connection, frame: input.frame }],
  })),
  ...ANY.concat("revoked")
    .filter((kind) => kind !== "online")
    .flatMap((kind) =>
      row<"send">([kind], "send", [kind], (state, input) => ({ state, effects: [{ type: "not-sent", frame: input.frame }] })),
    ),
  ...row<"timer">(["online"], "timer:ping", ["online"], (state) => ping(state, false)),
  ...row<"network-changed">(["online"], "network-changed", ["online"], (state) => ping(elsewhere(state), true)),
  ...row<"online">(["online"], "online", ["online"], (state) => ping(elsewhere(state), true)),
  ...row<"offline">(["online"], "offline", ["online"], (state) => ping(state, true)),
  ...row<"timer">(["online"], "timer:good", ["online"], (state) => ({ state: { ...state, failures: 0 }, effects: [] })),
  ...row<"timer">(["online"], "timer:watchdog", ["waiting"], (state, _input, context) =>
    fail(state, { cause: "watchdog", error: "TIMEOUT", closeCode: CLOSE_CODES.retry }, context),
  ),

  ...row<"revocation-checked">(["verifying-revocation"], "revocation-checked", ["revoked", "waiting"], (state, input, context) =>
    input.valid ? revoked(state) : fail(state, { cause: "revocation-unverified", error: "UNKNOWN_DEVICE" }, context),
  ),
  ...row<"timer">(["verifying-revocation"], "timer:deadline", ["waiting"], (state, _input, context) =>
    fail(state, { cause: "revocation-unverified", error: "UNKNOWN_DEVICE" }, context),
  ),

  ...row<"timer">(PAUSED, "timer:retry", ["opening"], (state) => open(state)),
  // A new network is worth a try at once, unless the server itself named the pause.
  ...row<"network-changed">(["waiting"], "network-changed", ["waiting", "opening"], hinted),
  ...row<"online">(["waiting"], "online", ["waiting", "opening"], hinted),
];

function hinted(state: SessionState): SessionStep {
  return state.held ? { state, effects: [] } : open(elsewhere(state));
}

/** Failures on the network before say nothing about this one: whoever moves about does not wait longer with each move. */
const elsewhere = (state: SessionState): SessionState => ({ ...state, failures: 0 });

const INDEX = indexRows(SESSION_ROWS);

/** One step. Inputs about an older transport or an older question, and inputs that mean nothing here, change nothing. */
export function stepSession(state: SessionState, input: SessionInput, context: StepContext): SessionStep {
  if ("connection" in input && input.connection !== state.connection) return { state, effects: [] };
  if ("effectId" in input && input.effectId !== state.asked) return { state, effects: [] };
  const key: InputKey = input.type === "timer" ? `timer:${input.timer}` : input.type;
  const found = INDEX.get(`${state.kind}|${key}`);
  if (found === undefined) return { state, effects: [] };
  const next = found.run(state, input as never, context);
  assert(found.to.includes(next.state.kind), "a transition led to a state its row does not name");
  return next;
}

/**
 * The state to go on with after a restart of the program: whatever was open is gone. Call `step` with `start` next. A
 * verified revocation stays one; a pause the server asked for is not kept (relative time cannot be trusted across it).
 */
export function restoreSession(saved: SessionState): SessionState {
  if (saved.kind === "revoked") return saved;
  return { ...INITIAL_SESSION, connection: saved.connection, nextEffectId: saved.nextEffectId, failures: saved.failures };
}

export const describeSession = (): Transition[] => describeRows(SESSION_ROWS);
export const sessionDeadEnds = (): string[] => findDeadEnds(SESSION_STATES, SESSION_ROWS, (timer) => `timer:${timer}`);
