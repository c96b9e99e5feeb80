/**
 * The companion's side of a link. Invariants: the first scan of a live code wins and the others die; `activate` is asked for
 * only with an approval that certifies exactly this attempt's keys; once certified, only a verified revocation undoes it.
 * docs/PROTOCOL.md, "Linking".
 */
import { describeRows, findDeadEnds, indexRows, type Random, type Row, toBase64Url, type Transition } from "@hawser/base";
import { LINK_END_SLOT } from "@hawser/crypto";
import { PROTOCOL_MIN } from "@hawser/wire";
import {
  type Code,
  COMPANION_STATES,
  type CompanionKind,
  type CompanionState,
  INITIAL_COMPANION,
  LIVE_CODES,
  MAX_ROTATIONS,
  ROTATE_MS,
} from "./companion-state.ts";
import { companionNeeds, companionStatus } from "./companion-view.ts";
import type { CompanionEffect, CompanionInput } from "./link-effects.ts";
import { type LinkMachine, type LinkStep, type Move, resumeLink, stepLink, type StepContext } from "./link-machine.ts";
import { countsAsFailure, FAILURES_BEFORE_DIAGNOSIS, type LinkErrorName } from "./link-status.ts";
import { judgePut, refusal } from "./put-outcome.ts";
import { REJECTION_ERRORS } from "./rejection.ts";
import { waitForTurn } from "./waiting-place.ts";

type Effect = CompanionEffect<CompanionState>;
type To = Move<CompanionState, Effect>;
type Of<Type extends CompanionInput["type"]> = Extract<CompanionInput, { type: Type }>;
type Handler = (state: CompanionState, input: CompanionInput, context: StepContext) => To | undefined;

const row = <Type extends CompanionInput["type"]>(
  kinds: readonly CompanionKind[],
  on: Exclude<Type, "timer"> | (Type extends "timer" ? `timer:${string}` : never),
  to: readonly CompanionKind[],
  run: (state: CompanionState, input: Of<Type>, context: StepContext) => To | undefined,
): Row<CompanionKind, string, Handler>[] => kinds.map((kind) => ({ in: kind, on, to, run: run as Handler }));

const draw = (random: Random, sizeBytes: number): string => toBase64Url(random.bytes(sizeBytes));
const newCode = (random: Random): Omit<Code, "ephemeralPublicKey"> => ({
  rendezvousId: draw(random, 16),
  secret: draw(random, 32),
  ephemeralSecret: draw(random, 32),
});
const leaveCodes = (codes: readonly Pick<Code, "rendezvousId">[]): Effect[] =>
  codes.map(({ rendezvousId }) => ({ type: "rendezvous-leave", rendezvousId }));

/** Nothing secret outlives its attempt; what the screen still shows does. */
const ENDED: Partial<CompanionState> = {
  codes: [],
  making: undefined,
  rotations: 0,
  channel: undefined,
  secrets: undefined,
  writerToken: "",
  requestEnvelope: undefined,
  passkeyRequest: undefined,
  passkeyAnswer: undefined,
  passkeyEnvelope: undefined,
  passkeySent: false,
  decisionEnvelope: undefined,
  approval: undefined,
  activeEnvelope: undefined,
  endEnvelope: undefined,
  turn: undefined,
  retryAtMs: 0,
};
const FORGOTTEN: Partial<CompanionState> = { ...ENDED, offer: undefined, matchCode: undefined, error: undefined, toldByOther: false };

const retryIn = (state: CompanionState, afterMs: number): To => ({
  to: state.kind,
  stay: "only",
  effects: [{ type: "set-timer", timer: "retry", afterMs }],
});
const leaveChannel = ({ channel }: CompanionState): Effect[] => (channel === undefined ? [] : leaveCodes([channel]));

function failed(state: CompanionState, error: LinkErrorName, toldByOther = false): To {
  const failuresInARow = state.failuresInARow + (countsAsFailure(error) ? 1 : 0);
  return {
    to: "failed",
    with: { ...ENDED, error, toldByOther, failuresInARow },
    effects: [...leaveCodes(state.codes), ...leaveChannel(state)],
  };
}

/** Given up by this side: the phone, which may be waiting, is told. */
function over(state: CompanionState, error: LinkErrorName): To {
  const ended = failed(state, error);
  if (state.channel === undefined || state.offer === undefined) return ended;
  const { channel, writerToken } = state;
  return { to: "ending", with: { ...ended.with, channel, writerToken }, effects: leaveCodes(state.codes) };
}

const endTold = (state: CompanionState): To => ({
  to: "failed",
  with: { channel: undefined, writerToken: "", endEnvelope: undefined },
  effects: leaveChannel(state),
});

function start(state: CompanionState, input: Of<"start">, context: StepContext): To | undefined {
  if ((state.kind === "failed" || state.kind === "ending") && state.failuresInARow >= FAILURES_BEFORE_DIAGNOSIS) return undefined;
  const { origin, deviceName, platform, code, as = "companion", passkeys = false } = input;
  const fresh = { ...FORGOTTEN, as, origin, deviceName, platform, passkeys };
  if (code !== undefined) return { to: "waiting-for-scan", with: { ...fresh, codes: [code], rotations: 1 } };
  return { to: "preparing", with: { ...fresh, making: newCode(context.random) } };
}

/** A page that was loaded again drew a code of its own at once: it works beside the one before. A person is there, so the count begins anew. */
function adopt(state: CompanionState, { origin, deviceName, platform, code }: Of<"start">): To | undefined {
  if (code === undefined || state.codes.some(({ rendezvousId }) => rendezvousId === code.rendezvousId)) return undefined;
  const codes = [code, ...state.codes];
  return {
    to: "waiting-for-scan",
    with: { origin, deviceName, platform, codes: codes.slice(0, LIVE_CODES), making: undefined, rotations: 1 },
    effects: leaveCodes(codes.slice(LIVE_CODES)),
  };
}

function codeMade(state: CompanionState, input: Of<"crypto-result">): To | undefined {
  if (state.making === undefined) return undefined;
  if (input.result.kind !== "make-code") return failed(state, "SCAN_DEADLINE");
  const codes = [{ ...state.making, ephemeralPublicKey: input.result.publicKey }, ...state.codes];
  return {
    to: "waiting-for-scan",
    with: { codes: codes.slice(0, LIVE_CODES), making: undefined, rotations: state.rotations + 1 },
    effects: leaveCodes(codes.slice(LIVE_CODES)),
  };
}

function rotate(state: CompanionState, context: StepContext): To {
  if (state.rotations >= MAX_ROTATIONS) return { to: "paused", with: FORGOTTEN, effects: leaveCodes(state.codes) };
  return { to: "preparing", with: { making: newCode(context.random), turn: undefined } };
}

/** Somebody scanned a code and waits for their turn: it stays on the screen, and live, as long as that takes. */
function placeTold(state: CompanionState, input: Of<"place">, { nowMs }: StepContext): To | undefined {
  if (!state.codes.some(({ rendezvousId }) => rendezvousId === input.rendezvousId)) return undefined;
  const { turn, leftMs } = waitForTurn(state.turn, input, ROTATE_MS, nowMs);
  if (state.kind === "preparing") return { to: "preparing", stay: "only", with: { turn } };
  const effects: Effect[] = [{ type: "set-timer", timer: "deadline", afterMs: leftMs }];
  return { to: "waiting-for-scan", stay: "only", with: { turn, deadlineMs: nowMs + leftMs }, effects };
}

function scanned(state: CompanionState, input: Of<"slot">, context: StepContext): To | undefined {
  const code = state.codes.find(({ rendezvousId }) => rendezvousId === input.rendezvousId);
  if (code === undefined || input.index !== 0) return undefined;
  return {
    to: "answering",
    with: {
      codes: [],
      making: undefined,
      turn: undefined,
      channel: { ...code, offerEnvelope: input.body },
      secrets: { signingSeed: draw(context.random, 32), dhSecret: draw(context.random, 32) },
      writerToken: draw(context.random, 16),
    },
    effects: leaveCodes(state.codes.filter((other) => other !== code)),
  };
}

function answered(state: CompanionState, { result }: Of<"crypto-result">): To {
  if (result.kind !== "answer-offer") return failed(state, result.kind === "failed" ? result.error : "CHANNEL_TAMPERED");
  const { offer, requestEnvelope, matchCode, passkey: passkeyRequest } = result;
  if (offer.origin !== state.origin) return failed(state, "CODE_OTHER_ORIGIN");
  if (offer.protocolMax < PROTOCOL_MIN) return failed(state, "VERSION");
  return { to: "requesting", with: { offer, requestEnvelope, matchCode, passkeyRequest } };
}

function requestPut(state: CompanionState, input: Of<"put-result">): To {
  const verdict = judgePut(input.result);
  if (verdict.kind === "done") return { to: "comparing" };
  if (verdict.kind === "refused") return failed(state, verdict.error);
  return retryIn(state, verdict.afterMs);
}

function passkeyGiven(state: CompanionState, { answer }: Of<"passkey">): To | undefined {
  if (state.passkeyRequest === undefined) return undefined;
  const given = { passkeyRequest: undefined, passkeyAnswer: answer ?? ("none" as const) };
  return { to: state.kind, stay: state.kind === "comparing" ? "serve" : "only", with: given };
}

/** A phone that never hears it asks for the digits, so nothing is lost by a refusal. */
function passkeyPut(state: CompanionState, input: Of<"put-result">): To {
  const verdict = judgePut(input.result);
  return verdict.kind === "retry" ? retryIn(state, verdict.afterMs) : { to: "comparing", stay: "only", with: { passkeySent: true } };
}

function decisionCame(state: CompanionState, input: Of<"slot">): To | undefined {
  if (input.rendezvousId !== state.channel?.rendezvousId) return undefined;
  if (input.index === LINK_END_SLOT) return { to: "hearing-end", with: { endEnvelope: input.body } };
  return input.index === 1 ? { to: "checking", with: { decisionEnvelope: input.body } } : undefined;
}

function decided(state: CompanionState, { result }: Of<"crypto-result">): To {
  if (result.kind !== "open-decision") return over(state, result.kind === "failed" ? result.error : "CHANNEL_TAMPERED");
  if (result.decision.kind === "rejection") return failed(state, REJECTION_ERRORS[result.decision.reason]);
  return { to: "activating", with: { approval: result.decision.approval } };
}

function activeSealed(state: CompanionState, { result }: Of<"crypto-result">): To {
  if (result.kind !== "seal-active") return finished(state);
  return { to: "telling", stay: "serve", with: { activeEnvelope: result.activeEnvelope } };
}

function told(state: CompanionState, input: Of<"put-result">): To {
  const verdict = judgePut(input.result);
  return verdict.kind === "retry" ? retryIn(state, verdict.afterMs) : finished(state);
}

function finished(state: CompanionState): To {
  return { to: "active", with: { ...ENDED, failuresInARow: 0 }, effects: leaveChannel(state) };
}

const again = (state: CompanionState): To => ({ to: state.kind, stay: "serve" });
/** A lost connection leaves puts unanswered and watches forgotten; work under way on this device goes on. */
const SCANNABLE: readonly CompanionKind[] = ["preparing", "waiting-for-scan"];
const BEFORE_CERTIFICATE: readonly CompanionKind[] = ["answering", "requesting", "comparing", "checking", "hearing-end"];
const CERTIFIED: readonly CompanionKind[] = ["activating", "unconfirmed"];

export const COMPANION_ROWS: readonly Row<CompanionKind, string, Handler>[] = [
  ...row<"start">(["idle", "paused"], "start", ["preparing", "waiting-for-scan"], start),
  ...row<"start">(["failed", "ending"], "start", ["preparing", "waiting-for-scan"], start),
  ...row<"start">(SCANNABLE, "start", ["waiting-for-scan"], adopt),
  ...row<"start">(["unconfirmed"], "start", ["activating"], () => ({ to: "activating", with: { error: undefined } })),
  ...row<"cancel">([...SCANNABLE, "paused", "failed", "ending"], "cancel", ["idle"], (state) => ({
    to: "idle",
    with: { ...FORGOTTEN, failuresInARow: 0 },
    effects: [...leaveCodes(state.codes), ...leaveChannel(state)],
  })),
  ...row<"cancel">(BEFORE_CERTIFICATE, "cancel", ["ending", "failed"], (state) => over(state, "CANCELLED")),

  ...row<"crypto-result">(["preparing"], "crypto-result", ["waiting-for-scan", "failed"], codeMade),
  ...row<"timer">(["preparing"], "timer:deadline", ["failed"], (state) => failed(state, "SCAN_DEADLINE")),
  ...row<"timer">(["waiting-for-scan"], "timer:deadline", ["preparing", "paused"], (state, _input, context) => rotate(state, context)),
  ...row<"slot">(SCANNABLE, "slot", ["answering"], scanned),
  ...SCANNABLE.flatMap((kind) => row<"place">([kind], "place", [kind], placeTold)),
  ...row<"connected">(["waiting-for-scan", "requesting", "comparing"], "connected", ["waiting-for-scan"], again).map((each) => ({
    ...each,
    to: [each.in],
  })),

  ...row<"crypto-result">(["answering"], "crypto-result", ["requesting", "failed"], answered),
  ...row<"timer">(["answering"], "timer:deadline", ["failed"], (state) => failed(state, "REQUEST_DEADLINE")),

  ...row<"put-result">(["requesting"], "put-result", ["requesting", "comparing", "failed"], requestPut),
  ...row<"timer">(["requesting"], "timer:retry", ["requesting"], again),
  ...row<"timer">(["requesting"], "timer:deadline", ["failed"], (state) => failed(state, "SERVER_UNREACHABLE")),

  ...(["requesting", "comparing"] as const).flatMap((kind) => row<"passkey">([kind], "passkey", [kind], passkeyGiven)),
  ...row<"crypto-result">(["comparing"], "crypto-result", ["comparing", "ending", "failed"], (state, { result }) =>
    result.kind === "seal-passkey"
      ? { to: "comparing", stay: "serve", with: { passkeyEnvelope: result.passkeyEnvelope } }
      : over(state, "CHANNEL_TAMPERED"),
  ),
  ...row<"put-result">(["comparing"], "put-result", ["comparing"], passkeyPut),
  ...row<"timer">(["comparing"], "timer:retry", ["comparing"], again),
  ...row<"slot">(["requesting", "comparing"], "slot", ["checking", "hearing-end"], decisionCame),
  ...row<"watch-failed">(["requesting", "comparing"], "watch-failed", ["failed"], (state, input) => {
    const error = input.rendezvousId === state.channel?.rendezvousId ? refusal(input.error) : undefined;
    return error === undefined ? undefined : failed(state, error);
  }),
  ...row<"timer">(["comparing", "checking", "hearing-end"], "timer:deadline", ["ending", "failed"], (state) =>
    over(state, "DECISION_DEADLINE"),
  ),
  ...row<"crypto-result">(["checking"], "crypto-result", ["activating", "ending", "failed"], decided),
  ...row<"crypto-result">(["hearing-end"], "crypto-result", ["ending", "failed"], (state, { result }) =>
    result.kind === "open-end" ? failed(state, result.error, true) : over(state, "CHANNEL_TAMPERED"),
  ),

  ...row<"activated">(CERTIFIED, "activated", ["telling"], () => ({ to: "telling", with: { error: undefined, failuresInARow: 0 } })),
  ...row<"timer">(["activating"], "timer:deadline", ["unconfirmed"], () => ({ to: "unconfirmed", with: { error: "ACTIVATION_DEADLINE" } })),
  ...row<"revoked">([...CERTIFIED, "telling"], "revoked", ["failed"], (state) => failed(state, "ACTIVATION_DEADLINE")),

  ...row<"crypto-result">(["telling"], "crypto-result", ["telling", "active"], activeSealed),
  ...row<"put-result">(["telling"], "put-result", ["telling", "active"], told),
  ...row<"timer">(["telling"], "timer:retry", ["telling"], again),
  ...row<"connected">(["telling"], "connected", ["telling"], again),
  ...row<"timer">(["telling"], "timer:deadline", ["active"], finished),

  ...row<"crypto-result">(["ending"], "crypto-result", ["ending", "failed"], (state, { result }) =>
    result.kind === "seal-end" ? { to: "ending", stay: "serve", with: { endEnvelope: result.endEnvelope } } : endTold(state),
  ),
  ...row<"put-result">(["ending"], "put-result", ["ending", "failed"], (state, input) => {
    const verdict = judgePut(input.result);
    return verdict.kind === "retry" ? retryIn(state, verdict.afterMs) : endTold(state);
  }),
  ...row<"timer">(["ending"], "timer:retry", ["ending"], again),
  ...row<"connected">(["ending"], "connected", ["ending"], again),
  ...row<"timer">(["ending"], "timer:deadline", ["failed"], endTold),
];

const MACHINE: LinkMachine<CompanionState, CompanionInput, Effect> = {
  states: COMPANION_STATES,
  rows: indexRows(COMPANION_ROWS),
  needs: companionNeeds,
  project: companionStatus,
};

export const stepCompanion = (state: CompanionState, input: CompanionInput, context: StepContext): LinkStep<CompanionState, Effect> =>
  stepLink(MACHINE, state, input, context);

/** After a restart, with the state of the last `persist`. Give `connected` when there is a connection. */
export const resumeCompanion = (saved: CompanionState, context: StepContext): LinkStep<CompanionState, Effect> =>
  resumeLink(MACHINE, saved, context.nowMs);

export const describeCompanion = (): Transition[] => describeRows(COMPANION_ROWS);
export const companionDeadEnds = (): string[] => findDeadEnds(COMPANION_STATES, COMPANION_ROWS, (timer) => `timer:${timer}`);
export { INITIAL_COMPANION };
