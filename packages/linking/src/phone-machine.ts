/**
 * The phone's side of one link attempt. Invariants: a list is asked for only after a person confirmed, once per attempt and
 * always with the keys of the one request that was read; a device that never came alive is revoked again; what ended
 * before the signature has no effect at all; the companion is told of an end only when no list names its device. docs/PROTOCOL.md, "Linking".
 */
import { describeRows, findDeadEnds, indexRows, type Row, toBase64Url, type Transition } from "@hawser/base";
import { LINK_END_SLOT } from "@hawser/crypto";
import { PROTOCOL_MAX } from "@hawser/wire";
import type { PhoneEffect, PhoneInput } from "./link-effects.ts";
import type { AccountPasskeys, RejectionName } from "./link-jobs.ts";
import { type LinkMachine, type LinkStep, type Move, resumeLink, stepLink, type StepContext } from "./link-machine.ts";
import { countsAsFailure, type LinkErrorName } from "./link-status.ts";
import { ACTIVITY_POLL_MS, INITIAL_PHONE, PHONE_STATES, type PhoneKind, type PhoneState, REQUEST_DEADLINE_MS } from "./phone-state.ts";
import { phoneNeeds, phoneStatus } from "./phone-view.ts";
import { judgePut, refusal } from "./put-outcome.ts";
import { PASSKEY_SLOT } from "./slot-bytes.ts";
import { typedDigits } from "./typed-code.ts";
import { waitForTurn } from "./waiting-place.ts";

type Effect = PhoneEffect<PhoneState>;
type To = Move<PhoneState, Effect>;
type Of<Type extends PhoneInput["type"]> = Extract<PhoneInput, { type: Type }>;
type Handler = (state: PhoneState, input: PhoneInput, context: StepContext) => To | undefined;

const row = <Type extends PhoneInput["type"]>(
  kinds: readonly PhoneKind[],
  on: Exclude<Type, "timer"> | (Type extends "timer" ? `timer:${string}` : never),
  to: readonly PhoneKind[],
  run: (state: PhoneState, input: Of<Type>, context: StepContext) => To | undefined,
): Row<PhoneKind, string, Handler>[] => kinds.map((kind) => ({ in: kind, on, to, run: run as Handler }));

/** Nothing secret outlives its attempt; what the screen still shows does. */
const ENDED: Partial<PhoneState> = {
  channel: undefined,
  writerToken: "",
  offerEnvelope: undefined,
  requestEnvelope: undefined,
  passkeyEnvelope: undefined,
  approval: undefined,
  decision: undefined,
  decisionEnvelope: undefined,
  activeEnvelope: undefined,
  endEnvelope: undefined,
  turn: undefined,
};

const leave = (state: PhoneState): Effect[] =>
  state.channel === undefined ? [] : [{ type: "rendezvous-leave", rendezvousId: state.channel.rendezvousId }];
const again = (state: PhoneState): To => ({ to: state.kind, stay: "serve" });
const retryIn = (state: PhoneState, afterMs: number): To => ({
  to: state.kind,
  stay: "only",
  effects: [{ type: "set-timer", timer: "retry", afterMs }],
});

/** Ends the attempt; the first reason stands. */
function failed(state: PhoneState, reason: LinkErrorName, retryAtMs = 0): To {
  const error = state.error ?? reason;
  return {
    to: "failed",
    with: {
      ...ENDED,
      error,
      retryAtMs,
      toldByOther: state.toldByOther,
      failuresInARow: state.failuresInARow + (countsAsFailure(error) ? 1 : 0),
    },
    effects: leave(state),
  };
}

/** Given up by this side: a companion that has the offer is told. What it said itself it need not hear. */
function over(state: PhoneState, reason: LinkErrorName): To {
  if (!state.offered || state.toldByOther) return failed(state, reason);
  return { to: "ending", with: { error: state.error ?? reason, endEnvelope: undefined } };
}

const refuse = (reason: RejectionName, error: LinkErrorName): To => ({
  to: "sealing-rejection",
  with: { error, decision: { kind: "rejection", reason } },
});
const undo = (error: LinkErrorName): To => ({ to: "undoing", with: { error } });
const active = (state: PhoneState): To => ({
  to: "active",
  with: { ...ENDED, error: undefined, toldByOther: false, failuresInARow: 0 },
  effects: leave(state),
});

const demandOf = (passkeys: AccountPasskeys | undefined) =>
  passkeys === undefined
    ? {}
    : { passkey: { rpId: passkeys.rpId, credentialIds: passkeys.credentials.map(({ credentialId }) => credentialId) } };

function scan(_state: PhoneState, input: Of<"scan">, context: StepContext): To {
  const { rendezvousId, secret, publicKey } = input.code;
  return {
    to: "opening",
    with: {
      channel: { rendezvousId, secret, companionPublicKey: publicKey, entropy: toBase64Url(context.random.bytes(32)) },
      offer: { attemptId: toBase64Url(context.random.bytes(16)), ...input.account, protocolMax: PROTOCOL_MAX, ...demandOf(input.passkeys) },
      passkeys: input.passkeys,
      full: input.full === true,
      writerToken: toBase64Url(context.random.bytes(16)),
      failuresInARow: input.failuresInARow,
    },
  };
}

/** The offer has to wait: the deadline of the state waits with it. With its turn the offer is put again at once. */
function placeTold(state: PhoneState, input: Of<"place">, { nowMs }: StepContext): To | undefined {
  if (input.rendezvousId !== state.channel?.rendezvousId || state.offered) return undefined;
  const { turn, leftMs } = waitForTurn(state.turn, input, REQUEST_DEADLINE_MS, nowMs);
  const effects: Effect[] = [{ type: "set-timer", timer: "deadline", afterMs: leftMs }];
  return { to: "offering", stay: turn === undefined ? "serve" : "only", with: { turn, deadlineMs: nowMs + leftMs }, effects };
}

function offerPut(state: PhoneState, input: Of<"put-result">, { nowMs }: StepContext): To | undefined {
  const verdict = judgePut(input.result);
  if (verdict.kind === "done") return { to: "offering", stay: "serve", with: { offered: true, turn: undefined } };
  if (verdict.kind === "retry") return retryIn(state, verdict.afterMs);
  return failed(state, verdict.error, verdict.retryAfterMs === 0 ? 0 : nowMs + verdict.retryAfterMs);
}

function requestCame(state: PhoneState, input: Of<"slot">): To | undefined {
  if (input.rendezvousId !== state.channel?.rendezvousId || input.index !== 0) return undefined;
  return { to: "reading", with: { requestEnvelope: input.body, turn: undefined } };
}

function requestRead(state: PhoneState, { result }: Of<"crypto-result">): To {
  if (result.kind !== "open-request") return over(state, result.kind === "failed" ? result.error : "CHANNEL_TAMPERED");
  const { request, matchCode } = result;
  const read = { request, matchCode, deviceName: request.deviceName };
  if (request.origin !== state.offer?.origin)
    return {
      ...refuse("ORIGIN_MISMATCH", "CODE_OTHER_ORIGIN"),
      with: { ...read, error: "CODE_OTHER_ORIGIN", decision: { kind: "rejection", reason: "ORIGIN_MISMATCH" } },
    };
  if (state.passkeys === undefined) return { to: "comparing", with: read };
  if (request.answersPasskey) return { to: "comparing", with: { ...read, passkeyCheck: "awaited" } };
  const none = withoutPasskey(state);
  return { ...none, with: { ...read, ...none.with } };
}

/** Never a dead end, unless the person chose that: then the digits have to be typed. */
const withoutPasskey = ({ passkeys }: PhoneState): To =>
  passkeys?.required === true ? refuse("PASSKEY_REQUIRED", "PASSKEY_REQUIRED") : { to: "comparing", with: { passkeyCheck: "missing" } };

function slotWhileComparing(state: PhoneState, input: Of<"slot">): To | undefined {
  if (input.index !== PASSKEY_SLOT) return endCame(state, input);
  const isAwaited = state.passkeyCheck === "awaited" && state.passkeyEnvelope === undefined;
  if (input.rendezvousId !== state.channel?.rendezvousId || !isAwaited) return undefined;
  return { to: "comparing", stay: "serve", with: { passkeyEnvelope: input.body } };
}

function passkeyChecked(state: PhoneState, { result }: Of<"crypto-result">): To {
  const outcome = result.kind === "open-passkey" ? result.outcome : "invalid";
  if (outcome === "other-origin") return refuse("PASSKEY_OTHER_ORIGIN", "PASSKEY_OTHER_ORIGIN");
  if (outcome === "invalid") return refuse("PASSKEY_INVALID", "PASSKEY_INVALID");
  if (outcome === "verified") return { to: "comparing", stay: "only", with: { passkeyCheck: "verified" } };
  const none = withoutPasskey(state);
  return none.to === "comparing" ? { ...none, stay: "only" } : none;
}

/** Where a passkey is asked for and was not shown, the digits that stand on the other screen are what lets it in. */
function approved(state: PhoneState, { deviceName, restore, remove, typedCode }: Of<"approve">): To | undefined {
  const typed = typedCode === undefined ? undefined : typedDigits(typedCode);
  if (typed !== undefined && typed !== state.matchCode) return undefined;
  const isShown = state.passkeyCheck === undefined || state.passkeyCheck === "verified";
  if (!isShown && (typed === undefined || state.passkeys?.required === true)) return undefined;
  return { to: "signing", with: { deviceName: deviceName ?? state.deviceName, restore: restore ?? 0, remove: remove ?? 0 } };
}

function listSigned(_state: PhoneState, { result }: Of<"list-signed">): To {
  if (result.ok) return { to: "sealing", with: { approval: result.approval, decision: { kind: "approval", approval: result.approval } } };
  // No end: the person is asked which device is to leave.
  if (result.error === "DEVICE_LIMIT") return { to: "comparing", with: { full: true } };
  if (result.error === "LIST_CHAIN_FULL") return refuse("LIST_CHAIN_FULL", "LIST_CHAIN_FULL");
  if (result.error === "RETRY") return { to: "signing", stay: "only", effects: [{ type: "set-timer", timer: "retry", afterMs: 1_000 }] };
  return refuse("UNSPECIFIED", "LIST_INVALID");
}

function approvalPut(state: PhoneState, input: Of<"put-result">): To {
  const verdict = judgePut(input.result);
  if (verdict.kind === "done") return { to: "awaiting-activation" };
  // It may be there all the same (an answer was lost): ask whether the device came alive before undoing anything.
  return verdict.kind === "refused" ? { to: "checking-activity", with: { error: verdict.error } } : retryIn(state, verdict.afterMs);
}

function activeCame(state: PhoneState, input: Of<"slot">): To | undefined {
  if (input.rendezvousId !== state.channel?.rendezvousId) return undefined;
  if (input.index === 1) return { to: "confirming", with: { activeEnvelope: input.body } };
  // There the server is being asked already, and its answer is awaited.
  return state.kind === "checking-activity" ? undefined : endCame(state, input);
}

function endCame(state: PhoneState, input: Of<"slot">): To | undefined {
  if (input.rendezvousId !== state.channel?.rendezvousId || input.index !== LINK_END_SLOT) return undefined;
  return { to: "hearing-end", with: { endEnvelope: input.body } };
}

/** Who has signed asks the server first: a device that came alive all the same stays. */
function endHeard(state: PhoneState, { result }: Of<"crypto-result">): To {
  const toldByOther = result.kind === "open-end";
  const told = { error: toldByOther ? result.error : ("CHANNEL_TAMPERED" as const), toldByOther, endEnvelope: undefined };
  return state.approval === undefined ? over({ ...state, ...told }, told.error) : { to: "checking-activity", with: told };
}

const confirmed = (state: PhoneState, { result }: Of<"crypto-result">): To =>
  result.kind === "open-active" ? active(state) : { to: "checking-activity", with: { error: "CHANNEL_TAMPERED" } };

function polled(state: PhoneState, input: Of<"activity">): To {
  if (input.everConnected === true) return active(state);
  return { to: "awaiting-activation", stay: "only", effects: [{ type: "set-timer", timer: "poll", afterMs: ACTIVITY_POLL_MS }] };
}

function poll(state: PhoneState): To {
  const effectId = state.nextEffectId;
  const device = state.approval?.device ?? 0;
  return {
    to: state.kind,
    stay: "only",
    with: { asked: effectId, nextEffectId: effectId + 1 },
    effects: [{ type: "check-activity", effectId, device }],
  };
}

function activityKnown(state: PhoneState, input: Of<"activity">): To | undefined {
  if (input.everConnected === undefined) return undefined;
  return input.everConnected ? active(state) : undo(state.error ?? "ACTIVATION_DEADLINE");
}

const seen = (state: PhoneState, input: Of<"device-seen">): To | undefined =>
  input.device === state.approval?.device ? active(state) : undefined;
const rejectionSealed = (state: PhoneState, { result }: Of<"crypto-result">): To =>
  result.kind === "seal-decision"
    ? { to: "rejecting", with: { decisionEnvelope: result.decisionEnvelope } }
    : failed(state, "CHANNEL_TAMPERED");

function rejectionPut(state: PhoneState, input: Of<"put-result">): To {
  const verdict = judgePut(input.result);
  if (verdict.kind === "retry") return retryIn(state, verdict.afterMs);
  return verdict.kind === "done" ? failed(state, "DECLINED") : over(state, "DECLINED");
}

const HANDED: readonly PhoneKind[] = ["handing-over", "awaiting-activation", "checking-activity"];
const itself = <Type extends PhoneInput["type"]>(
  kinds: readonly PhoneKind[],
  on: Parameters<typeof row<Type>>[1],
  run: (state: PhoneState) => To,
): Row<PhoneKind, string, Handler>[] => kinds.flatMap((kind) => row<Type>([kind], on, [kind], run));

export const PHONE_ROWS: readonly Row<PhoneKind, string, Handler>[] = [
  ...row<"scan">(["idle"], "scan", ["opening"], scan),
  ...row<"cancel">(["opening", "offering", "reading"], "cancel", ["ending", "failed"], (state) => over(state, "CANCELLED")),
  ...row<"cancel">(["comparing"], "cancel", ["sealing-rejection"], () => refuse("DECLINED", "DECLINED")),

  ...row<"crypto-result">(["opening"], "crypto-result", ["offering", "failed"], (state, { result }) =>
    result.kind === "make-offer"
      ? { to: "offering", with: { offerEnvelope: result.offerEnvelope } }
      : failed(state, result.kind === "failed" ? result.error : "CODE_MALFORMED"),
  ),
  ...row<"timer">(["opening", "offering", "reading"], "timer:deadline", ["ending", "failed"], (state) => over(state, "REQUEST_DEADLINE")),

  ...row<"put-result">(["offering"], "put-result", ["offering", "failed"], offerPut),
  ...itself<"timer">(["offering", "handing-over", "rejecting", "signing", "ending"], "timer:retry", again),
  ...itself<"connected">(
    ["offering", "comparing", "handing-over", "awaiting-activation", "checking-activity", "undoing", "rejecting", "ending"],
    "connected",
    again,
  ),
  ...row<"place">(["offering"], "place", ["offering"], placeTold),
  ...row<"slot">(["offering"], "slot", ["reading"], requestCame),
  ...row<"watch-failed">(["offering"], "watch-failed", ["failed"], (state, input) => {
    const error = input.rendezvousId === state.channel?.rendezvousId ? refusal(input.error) : undefined;
    return error === undefined ? undefined : failed(state, error);
  }),
  ...row<"crypto-result">(["reading"], "crypto-result", ["comparing", "sealing-rejection", "ending", "failed"], requestRead),
  ...row<"slot">(["comparing"], "slot", ["comparing", "hearing-end"], slotWhileComparing),
  ...row<"crypto-result">(["hearing-end"], "crypto-result", ["checking-activity", "ending", "failed"], endHeard),
  ...row<"timer">(["hearing-end"], "timer:deadline", ["checking-activity", "ending", "failed"], (state) =>
    state.approval === undefined ? over(state, "DECISION_DEADLINE") : { to: "checking-activity", with: { error: "ACTIVATION_DEADLINE" } },
  ),

  ...row<"approve">(["comparing"], "approve", ["signing"], approved),
  ...row<"crypto-result">(["comparing"], "crypto-result", ["comparing", "sealing-rejection"], passkeyChecked),
  ...row<"reject">(["comparing"], "reject", ["sealing-rejection"], (_state, { reason }) => {
    const name = reason ?? "DECLINED";
    return refuse(name, name);
  }),
  ...row<"timer">(["comparing"], "timer:deadline", ["sealing-rejection"], () => refuse("TIMEOUT", "DECISION_DEADLINE")),

  ...row<"list-signed">(["signing"], "list-signed", ["signing", "comparing", "sealing", "sealing-rejection"], listSigned),
  // The list may have been signed all the same: undoing says so or makes it so.
  ...row<"timer">(["signing"], "timer:deadline", ["undoing"], () => undo("SERVER_UNREACHABLE")),
  ...row<"crypto-result">(["sealing"], "crypto-result", ["handing-over", "undoing"], (_state, { result }) =>
    result.kind === "seal-decision"
      ? { to: "handing-over", with: { decisionEnvelope: result.decisionEnvelope } }
      : undo("CHANNEL_TAMPERED"),
  ),
  ...row<"timer">(["sealing"], "timer:deadline", ["undoing"], () => undo("ACTIVATION_DEADLINE")),

  ...row<"put-result">(["handing-over"], "put-result", ["handing-over", "awaiting-activation", "checking-activity"], approvalPut),
  ...row<"timer">(["handing-over"], "timer:deadline", ["checking-activity"], () => ({
    to: "checking-activity",
    with: { error: "SERVER_UNREACHABLE" },
  })),
  ...row<"slot">(HANDED, "slot", ["confirming", "hearing-end"], activeCame),
  ...row<"device-seen">([...HANDED, "confirming", "hearing-end"], "device-seen", ["active"], seen),
  ...row<"timer">(["awaiting-activation"], "timer:poll", ["awaiting-activation"], poll),
  ...row<"activity">(["awaiting-activation"], "activity", ["awaiting-activation", "active"], polled),
  ...row<"timer">(["awaiting-activation", "confirming"], "timer:deadline", ["checking-activity"], () => ({
    to: "checking-activity",
    with: { error: "ACTIVATION_DEADLINE" },
  })),
  ...row<"crypto-result">(["confirming"], "crypto-result", ["active", "checking-activity"], confirmed),
  ...row<"activity">(["checking-activity"], "activity", ["active", "undoing"], activityKnown),
  ...row<"timer">(["checking-activity"], "timer:deadline", ["checking-activity"], () => ({ to: "checking-activity" })),

  ...row<"list-undone">(["undoing"], "list-undone", ["ending", "failed"], (state, input) =>
    input.done ? over(state, "ACTIVATION_DEADLINE") : undefined,
  ),
  ...row<"timer">(["undoing"], "timer:deadline", ["undoing"], () => ({ to: "undoing" })),

  ...row<"crypto-result">(["sealing-rejection"], "crypto-result", ["rejecting", "failed"], rejectionSealed),
  ...row<"put-result">(["rejecting"], "put-result", ["rejecting", "ending", "failed"], rejectionPut),
  ...row<"timer">(["sealing-rejection", "rejecting"], "timer:deadline", ["failed"], (state) => failed(state, "DECLINED")),

  ...row<"crypto-result">(["ending"], "crypto-result", ["ending", "failed"], (state, { result }) =>
    result.kind === "seal-end"
      ? { to: "ending", stay: "serve", with: { endEnvelope: result.endEnvelope } }
      : failed(state, "SERVER_UNREACHABLE"),
  ),
  ...row<"put-result">(["ending"], "put-result", ["ending", "failed"], (state, input) => {
    const verdict = judgePut(input.result);
    return verdict.kind === "retry" ? retryIn(state, verdict.afterMs) : failed(state, "SERVER_UNREACHABLE");
  }),
  ...row<"timer">(["ending"], "timer:deadline", ["failed"], (state) => failed(state, "SERVER_UNREACHABLE")),
];

const MACHINE: LinkMachine<PhoneState, PhoneInput, Effect> = {
  states: PHONE_STATES,
  rows: indexRows(PHONE_ROWS),
  needs: phoneNeeds,
  project: phoneStatus,
};

export const stepPhone = (state: PhoneState, input: PhoneInput, context: StepContext): LinkStep<PhoneState, Effect> =>
  stepLink(MACHINE, state, input, context);

/** After a restart, with the state of the last `persist`. Give `connected` when there is a connection. */
export const resumePhone = (saved: PhoneState, context: StepContext): LinkStep<PhoneState, Effect> =>
  resumeLink(MACHINE, saved, context.nowMs);

export const describePhone = (): Transition[] => describeRows(PHONE_ROWS);
export const phoneDeadEnds = (): string[] => findDeadEnds(PHONE_STATES, PHONE_ROWS, (timer) => `timer:${timer}`);
export { INITIAL_PHONE };
