/**
 * The companion's side of a courier: a typed code, or a phone's code that was read here. Invariants: one typed code is
 * answered once, right or wrong, and a wrong answer uses it up; parts leave only sealed for a phone that knew the letters or
 * showed the code; guesses are bounded. docs/PROTOCOL.md, "Other ways to a code".
 */
import { describeRows, findDeadEnds, indexRows, type Random, type Row, toBase64Url, type Transition } from "@hawser/base";
import {
  GIVER_STATES,
  type GiverKind,
  type GiverState,
  type GiverStatus,
  INITIAL_GIVER,
  MAX_BURNT,
  MAX_COLLISIONS,
} from "./courier-giver-state.ts";
import type { LinkCodeParts } from "./link-code.ts";
import type { CommonEffect, CommonInput } from "./link-effects.ts";
import { type LinkMachine, type LinkStep, type Move, type Needs, resumeLink, stepLink, type StepContext } from "./link-machine.ts";
import type { LinkErrorName } from "./link-status.ts";
import { judgePut } from "./put-outcome.ts";
import { formatTypedCode, newTypedCode } from "./typed-code.ts";

export type GiverInput =
  | CommonInput
  /** Shows letters for the code with these parts. */
  | { readonly type: "give-typed"; readonly origin: string; readonly parts: LinkCodeParts }
  /** Gives the parts to the phone that shows `code`. */
  | { readonly type: "give-reverse"; readonly origin: string; readonly parts: LinkCodeParts; readonly code: LinkCodeParts };
export type GiverEffect = CommonEffect<GiverState, GiverStatus>;

type To = Move<GiverState, GiverEffect>;
type Of<Type extends GiverInput["type"]> = Extract<GiverInput, { type: Type }>;
type Handler = (state: GiverState, input: GiverInput, context: StepContext) => To | undefined;

const row = <Type extends GiverInput["type"]>(
  kinds: readonly GiverKind[],
  on: Exclude<Type, "timer"> | (Type extends "timer" ? `timer:${string}` : never),
  to: readonly GiverKind[],
  run: (state: GiverState, input: Of<Type>, context: StepContext) => To | undefined,
): Row<GiverKind, string, Handler>[] => kinds.map((kind) => ({ in: kind, on, to, run: run as Handler }));

const draw = (random: Random, sizeBytes: number): string => toBase64Url(random.bytes(sizeBytes));
const leave = ({ rendezvousId }: GiverState): GiverEffect[] => (rendezvousId === "" ? [] : [{ type: "rendezvous-leave", rendezvousId }]);
const again = (state: GiverState): To => ({ to: state.kind, stay: "serve" });

/** Nothing secret outlives its courier. */
const ENDED: Partial<GiverState> = {
  parts: undefined,
  reverse: undefined,
  password: "",
  entropy: "",
  writerToken: "",
  shareEnvelope: undefined,
  answerEnvelope: undefined,
  replyEnvelope: undefined,
};
const spent = (state: GiverState, error?: LinkErrorName): To => ({ to: "spent", with: { ...ENDED, error }, effects: leave(state) });

/** New letters at a new place, for the same code. */
function renewed(state: GiverState, { random }: StepContext, count: { readonly burnt?: number; readonly collisions?: number }): To {
  const { burnt = state.burnt, collisions = state.collisions } = count;
  if (burnt >= MAX_BURNT || collisions >= MAX_COLLISIONS) return spent(state, burnt >= MAX_BURNT ? "CODE_WRONG" : "CODE_ALREADY_USED");
  const fresh = { ...newTypedCode(random), entropy: draw(random, 64), writerToken: draw(random, 16), rendezvousId: "" };
  const forgotten = { shareEnvelope: undefined, answerEnvelope: undefined, replyEnvelope: undefined };
  return { to: "sharing", with: { ...fresh, ...forgotten, burnt, collisions }, effects: leave(state) };
}

function giveTyped(state: GiverState, { origin, parts }: Of<"give-typed">, context: StepContext): To {
  const begun = renewed({ ...state, burnt: 0, collisions: 0 }, context, {});
  return { ...begun, with: { ...begun.with, origin, parts } };
}

const giveReverse = (_state: GiverState, { origin, parts, code }: Of<"give-reverse">, { random }: StepContext): To => ({
  to: "sealing",
  with: {
    origin,
    parts,
    reverse: code,
    rendezvousId: code.rendezvousId,
    entropy: draw(random, 32),
    writerToken: draw(random, 16),
  },
});

const shared = (state: GiverState, { result }: Of<"crypto-result">): To =>
  result.kind === "courier-share"
    ? { to: "leaving", with: { rendezvousId: result.rendezvousId, shareEnvelope: result.shareEnvelope } }
    : spent(state, "CHANNEL_TAMPERED");

const retryIn = (state: GiverState, afterMs: number): To => ({
  to: state.kind,
  stay: "only",
  effects: [{ type: "set-timer", timer: "retry", afterMs }],
});

function shareLeft(state: GiverState, input: Of<"put-result">, context: StepContext): To {
  const verdict = judgePut(input.result);
  if (verdict.kind === "done") return { to: "shown" };
  if (verdict.kind === "retry") return retryIn(state, verdict.afterMs);
  // The nameplate is or was somebody else's.
  return verdict.error === "SERVER_REFUSED" ? spent(state, verdict.error) : renewed(state, context, { collisions: state.collisions + 1 });
}

function answered(state: GiverState, input: Of<"slot">): To | undefined {
  if (input.rendezvousId !== state.rendezvousId || input.index !== 0) return undefined;
  return { to: "checking", with: { answerEnvelope: input.body } };
}

function checked(state: GiverState, { result }: Of<"crypto-result">): To {
  if (result.kind !== "courier-check") return spent(state, "CHANNEL_TAMPERED");
  return { to: result.right ? "handing" : "refusing", with: { replyEnvelope: result.replyEnvelope } };
}

function refused(state: GiverState, input: Of<"put-result">, context: StepContext): To {
  const verdict = judgePut(input.result);
  return verdict.kind === "retry" ? retryIn(state, verdict.afterMs) : renewed(state, context, { burnt: state.burnt + 1 });
}

const sealed = (state: GiverState, { result }: Of<"crypto-result">): To =>
  result.kind === "reverse-seal"
    ? { to: "handing", with: { replyEnvelope: result.replyEnvelope } }
    : spent(state, result.kind === "courier-failed" ? result.error : "CHANNEL_TAMPERED");

function handed(state: GiverState, input: Of<"put-result">): To {
  const verdict = judgePut(input.result);
  if (verdict.kind === "retry") return retryIn(state, verdict.afterMs);
  if (verdict.kind === "refused") return spent(state, verdict.error);
  return { to: "given", with: ENDED, effects: leave(state) };
}

const WAITING: readonly GiverKind[] = ["leaving", "shown", "refusing", "handing"];
const WORKING: readonly GiverKind[] = ["sharing", "checking", "sealing"];

export const GIVER_ROWS: readonly Row<GiverKind, string, Handler>[] = [
  ...row<"give-typed">(["idle"], "give-typed", ["sharing"], giveTyped),
  ...row<"give-reverse">(["idle"], "give-reverse", ["sealing"], giveReverse),
  ...row<"cancel">([...WAITING, ...WORKING], "cancel", ["spent"], (state) => spent(state)),
  ...WAITING.flatMap((kind) => row<"connected">([kind], "connected", [kind], again)),
  ...(["leaving", "refusing", "handing"] as const).flatMap((kind) => row<"timer">([kind], "timer:retry", [kind], again)),

  // The server lets one link begin after the other; its turn has come.
  ...(["leaving", "handing"] as const).flatMap((kind) =>
    row<"place">([kind], "place", [kind], (state, input) =>
      input.place === 0 && input.rendezvousId === state.rendezvousId ? again(state) : undefined,
    ),
  ),

  ...row<"crypto-result">(["sharing"], "crypto-result", ["leaving", "spent"], shared),
  ...row<"put-result">(["leaving"], "put-result", ["leaving", "shown", "sharing", "spent"], shareLeft),
  ...row<"slot">(["leaving", "shown"], "slot", ["checking"], answered),
  ...row<"crypto-result">(["checking"], "crypto-result", ["handing", "refusing", "spent"], checked),
  ...row<"put-result">(["refusing"], "put-result", ["refusing", "sharing", "spent"], refused),
  ...row<"timer">(["refusing"], "timer:deadline", ["sharing", "spent"], (state, _input, context) =>
    renewed(state, context, { burnt: state.burnt + 1 }),
  ),

  ...row<"crypto-result">(["sealing"], "crypto-result", ["handing", "spent"], sealed),
  ...row<"put-result">(["handing"], "put-result", ["handing", "given", "spent"], handed),
  ...row<"timer">(["leaving", "handing"], "timer:deadline", ["spent"], (state) => spent(state, "SERVER_UNREACHABLE")),
  ...row<"timer">([...WORKING, "shown"], "timer:deadline", ["spent"], (state) => spent(state, "CODE_EXPIRED")),
];

function giverNeeds(state: GiverState): Needs<GiverEffect> {
  const { rendezvousId, password, origin, entropy, nameplate, parts, reverse, writerToken } = state;
  const watch = [{ rendezvousId, side: "phone" as const, fromIndex: 0 }];
  const put = (index: number, body: string) => ({ rendezvousId, side: "companion" as const, index, body, writerToken });
  switch (state.kind) {
    case "sharing":
      return { job: { kind: "courier-share", nameplate, password, origin, entropy } };
    case "leaving":
      return state.shareEnvelope === undefined ? {} : { watch, put: put(0, state.shareEnvelope) };
    case "shown":
      return { watch };
    case "checking":
      if (parts === undefined || state.answerEnvelope === undefined) return {};
      return {
        job: { kind: "courier-check", side: { rendezvousId, password, origin, entropy }, answerEnvelope: state.answerEnvelope, parts },
      };
    case "sealing":
      return parts === undefined || reverse === undefined ? {} : { job: { kind: "reverse-seal", code: reverse, entropy, parts } };
    case "refusing":
    case "handing":
      return state.replyEnvelope === undefined ? {} : { put: put(reverse === undefined ? 1 : 0, state.replyEnvelope) };
    case "idle":
    case "given":
    case "spent":
      return {};
  }
}

const giverStatus = ({ kind, nameplate, password, error }: GiverState): GiverStatus => ({
  typedCode: kind === "shown" ? formatTypedCode({ nameplate, password }) : undefined,
  outcome: kind === "given" || kind === "spent" ? kind : "open",
  error,
});

const MACHINE: LinkMachine<GiverState, GiverInput, GiverEffect, GiverStatus> = {
  states: GIVER_STATES,
  rows: indexRows(GIVER_ROWS),
  needs: giverNeeds,
  project: giverStatus,
};

export const stepGiver = (state: GiverState, input: GiverInput, context: StepContext): LinkStep<GiverState, GiverEffect> =>
  stepLink(MACHINE, state, input, context);

/** After a restart, with the state of the last `persist`. Give `connected` when there is a connection. */
export const resumeGiver = (saved: GiverState, context: StepContext): LinkStep<GiverState, GiverEffect> =>
  resumeLink(MACHINE, saved, context.nowMs);

export const describeGiver = (): Transition[] => describeRows(GIVER_ROWS);
export const giverDeadEnds = (): string[] => findDeadEnds(GIVER_STATES, GIVER_ROWS, (timer) => `timer:${timer}`);
export { giverStatus, INITIAL_GIVER };
