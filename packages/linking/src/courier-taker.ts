/**
 * The phone's side of a courier: typed letters, or a code that it shows. Invariants: it ends with the parts of one code,
 * which then go the way of a scanned one, or with one reason; letters are tried once. docs/PROTOCOL.md, "Other ways to a code".
 */
import { describeRows, findDeadEnds, indexRows, type Random, type Row, toBase64Url, type Transition } from "@hawser/base";
import { INITIAL_TAKER, NOTHING_THERE_MS, TAKER_STATES, type TakerKind, type TakerState } from "./courier-taker-state.ts";
import { formatReverseCode, type LinkCodeParts } from "./link-code.ts";
import type { CommonEffect, CommonInput } from "./link-effects.ts";
import { type LinkMachine, type LinkStep, type Move, type Needs, resumeLink, stepLink, type StepContext } from "./link-machine.ts";
import { canRetry, countsAsFailure, type LinkErrorName, type LinkStage, type LinkStatus } from "./link-status.ts";
import { judgePut, PUT_RETRY_MS, refusal } from "./put-outcome.ts";
import type { TypedCode } from "./typed-code.ts";

export type TakerInput =
  | CommonInput
  | { readonly type: "take-typed"; readonly origin: string; readonly code: TypedCode; readonly failuresInARow: number }
  | { readonly type: "take-reverse"; readonly origin: string; readonly failuresInARow: number }
  /** Answers `open-code`. */
  | { readonly type: "opened"; readonly effectId: number };
export type TakerEffect =
  | CommonEffect<TakerState>
  /** Go on as if this code had been scanned. Comes again after a restart; opening a code twice is one attempt. */
  | { readonly type: "open-code"; readonly effectId: number; readonly code: LinkCodeParts };

type To = Move<TakerState, TakerEffect>;
type Of<Type extends TakerInput["type"]> = Extract<TakerInput, { type: Type }>;
type Handler = (state: TakerState, input: TakerInput, context: StepContext) => To | undefined;

const row = <Type extends TakerInput["type"]>(
  kinds: readonly TakerKind[],
  on: Exclude<Type, "timer"> | (Type extends "timer" ? `timer:${string}` : never),
  to: readonly TakerKind[],
  run: (state: TakerState, input: Of<Type>, context: StepContext) => To | undefined,
): Row<TakerKind, string, Handler>[] => kinds.map((kind) => ({ in: kind, on, to, run: run as Handler }));

const draw = (random: Random, sizeBytes: number): string => toBase64Url(random.bytes(sizeBytes));
const leave = ({ rendezvousId }: TakerState): TakerEffect[] => (rendezvousId === "" ? [] : [{ type: "rendezvous-leave", rendezvousId }]);
const again = (state: TakerState): To => ({ to: state.kind, stay: "serve" });
const timer = (state: TakerState, name: "retry" | "poll", afterMs: number): To => ({
  to: state.kind,
  stay: "only",
  effects: [{ type: "set-timer", timer: name, afterMs }],
});

/** Nothing secret outlives its courier. */
const ENDED: Partial<TakerState> = {
  nameplate: "",
  password: "",
  entropy: "",
  writerToken: "",
  shareEnvelope: undefined,
  answerEnvelope: undefined,
  replyEnvelope: undefined,
  reverse: undefined,
  parts: undefined,
};

function failed(state: TakerState, error: LinkErrorName): To {
  const failuresInARow = state.failuresInARow + (countsAsFailure(error) ? 1 : 0);
  return { to: "failed", with: { ...ENDED, error, failuresInARow }, effects: leave(state) };
}

const takeTyped = (_state: TakerState, { origin, code, failuresInARow }: Of<"take-typed">, { random }: StepContext): To => ({
  to: "locating",
  with: { origin, ...code, failuresInARow, entropy: draw(random, 64), writerToken: draw(random, 16) },
});

const takeReverse = (_state: TakerState, { origin, failuresInARow }: Of<"take-reverse">, { random }: StepContext): To => ({
  to: "making",
  with: {
    origin,
    failuresInARow,
    rendezvousId: draw(random, 16),
    reverse: { secret: draw(random, 32), ephemeralSecret: draw(random, 32), ephemeralPublicKey: undefined },
  },
});

const located = (state: TakerState, { result }: Of<"crypto-result">): To =>
  result.kind === "courier-locate" ? { to: "looking", with: { rendezvousId: result.rendezvousId } } : failed(state, "CODE_WRONG");

function shareCame(state: TakerState, input: Of<"slot">): To | undefined {
  if (input.rendezvousId !== state.rendezvousId || input.index !== 0) return undefined;
  return { to: "answering", with: { shareEnvelope: input.body } };
}

const watched = (state: TakerState, input: Of<"watched">): To | undefined =>
  input.rendezvousId === state.rendezvousId ? timer(state, "poll", NOTHING_THERE_MS) : undefined;

function watchFailed(state: TakerState, input: Of<"watch-failed">): To | undefined {
  if (input.rendezvousId !== state.rendezvousId) return undefined;
  const error = refusal(input.error);
  return error === undefined ? timer(state, "retry", PUT_RETRY_MS) : failed(state, error);
}

const answerMade = (state: TakerState, { result }: Of<"crypto-result">): To =>
  result.kind === "courier-answer" ? { to: "leaving", with: { answerEnvelope: result.answerEnvelope } } : failed(state, "CHANNEL_TAMPERED");

function answerLeft(state: TakerState, input: Of<"put-result">): To {
  const verdict = judgePut(input.result);
  if (verdict.kind === "done") return { to: "waiting" };
  return verdict.kind === "refused" ? failed(state, verdict.error) : timer(state, "retry", verdict.afterMs);
}

function replyCame(state: TakerState, input: Of<"slot">): To | undefined {
  if (input.rendezvousId !== state.rendezvousId || input.index !== (state.reverse === undefined ? 1 : 0)) return undefined;
  return { to: "opening", with: { replyEnvelope: input.body } };
}

function codeMade(state: TakerState, { result }: Of<"crypto-result">): To {
  if (result.kind !== "make-code" || state.reverse === undefined) return failed(state, "CHANNEL_TAMPERED");
  return { to: "shown", with: { reverse: { ...state.reverse, ephemeralPublicKey: result.publicKey } } };
}

function replyOpened(state: TakerState, { result }: Of<"crypto-result">): To {
  if (result.kind === "courier-open" || result.kind === "reverse-open")
    return { to: "handing-over", with: { ...ENDED, parts: result.parts }, effects: leave(state) };
  return failed(state, result.kind === "courier-failed" ? result.error : "CHANNEL_TAMPERED");
}

const WATCHING: readonly TakerKind[] = ["looking", "waiting", "shown"];
const REMOTE: readonly TakerKind[] = [...WATCHING, "leaving"];
const LOCAL: readonly TakerKind[] = ["locating", "answering", "making", "opening"];

export const TAKER_ROWS: readonly Row<TakerKind, string, Handler>[] = [
  ...row<"take-typed">(["idle"], "take-typed", ["locating"], takeTyped),
  ...row<"take-reverse">(["idle"], "take-reverse", ["making"], takeReverse),
  ...row<"cancel">([...REMOTE, ...LOCAL, "handing-over"], "cancel", ["failed"], (state) => failed(state, "CANCELLED")),
  ...REMOTE.flatMap((kind) => [
    ...row<"connected">([kind], "connected", [kind], again),
    ...row<"timer">([kind], "timer:retry", [kind], again),
  ]),
  ...WATCHING.flatMap((kind) => row<"watch-failed">([kind], "watch-failed", [kind, "failed"], watchFailed)),
  ...row<"timer">(LOCAL, "timer:deadline", ["failed"], (state) => failed(state, "REQUEST_DEADLINE")),

  ...row<"crypto-result">(["locating"], "crypto-result", ["looking", "failed"], located),
  ...row<"slot">(["looking"], "slot", ["answering"], shareCame),
  ...row<"watched">(["looking"], "watched", ["looking"], watched),
  ...row<"timer">(["looking"], "timer:poll", ["failed"], (state) => failed(state, "CODE_WRONG")),
  ...row<"timer">(["looking", "leaving"], "timer:deadline", ["failed"], (state) => failed(state, "SERVER_UNREACHABLE")),
  ...row<"crypto-result">(["answering"], "crypto-result", ["leaving", "failed"], answerMade),
  ...row<"put-result">(["leaving"], "put-result", ["leaving", "waiting", "failed"], answerLeft),

  ...row<"crypto-result">(["making"], "crypto-result", ["shown", "failed"], codeMade),
  ...row<"slot">(["waiting", "shown"], "slot", ["opening"], replyCame),
  // The letters are of a code that nobody shows any more; the code here was read by nobody.
  ...row<"timer">(["waiting", "shown"], "timer:deadline", ["failed"], (state) => failed(state, "CODE_EXPIRED")),
  ...row<"crypto-result">(["opening"], "crypto-result", ["handing-over", "failed"], replyOpened),
  ...row<"opened">(["handing-over"], "opened", ["taken"], () => ({ to: "taken", with: ENDED })),
  ...row<"timer">(["handing-over"], "timer:deadline", ["failed"], (state) => failed(state, "REQUEST_DEADLINE")),
];

function takerNeeds(state: TakerState): Needs<TakerEffect> {
  const { rendezvousId, password, origin, entropy, shareEnvelope, replyEnvelope, reverse, parts } = state;
  const side = { rendezvousId, password, origin, entropy };
  const watchFrom = (fromIndex: number) => [{ rendezvousId, side: "companion" as const, fromIndex }];
  switch (state.kind) {
    case "locating":
      return { job: { kind: "courier-locate", nameplate: state.nameplate } };
    case "looking":
      return { watch: watchFrom(0) };
    case "answering":
      return shareEnvelope === undefined ? {} : { job: { kind: "courier-answer", side, shareEnvelope } };
    case "leaving":
      if (state.answerEnvelope === undefined) return {};
      // Not watched yet: who came too late hears that, not what another was told.
      return {
        put: { rendezvousId, side: "phone", index: 0, body: state.answerEnvelope, writerToken: state.writerToken },
      };
    case "waiting":
      return { watch: watchFrom(1) };
    case "making":
      return reverse === undefined ? {} : { job: { kind: "make-code", ephemeralSecret: reverse.ephemeralSecret } };
    case "shown":
      return { watch: watchFrom(0) };
    case "opening":
      if (replyEnvelope === undefined) return {};
      if (reverse?.ephemeralPublicKey !== undefined)
        return {
          job: { kind: "reverse-open", rendezvousId, ...reverse, ephemeralPublicKey: reverse.ephemeralPublicKey, replyEnvelope },
        };
      return shareEnvelope === undefined ? {} : { job: { kind: "courier-open", side, shareEnvelope, replyEnvelope } };
    case "handing-over":
      return parts === undefined ? {} : { ask: (effectId) => ({ type: "open-code", effectId, code: parts }) };
    case "idle":
    case "taken":
    case "failed":
      return {};
  }
}

/** In the words of a link that has no attempt yet; once the code is open, the attempt speaks. */
export function takerStatus(state: TakerState): LinkStatus {
  const { kind, origin, rendezvousId, reverse, error } = state;
  const publicKey = kind === "shown" ? reverse?.ephemeralPublicKey : undefined;
  const stage: LinkStage = kind === "failed" ? "failed" : kind === "shown" ? "waiting-for-scan" : "preparing";
  return {
    stage,
    attempt: undefined,
    uri: publicKey === undefined || reverse === undefined ? undefined : formatReverseCode(origin, { rendezvousId, ...reverse, publicKey }),
    typedCode: undefined,
    deadlineMs: kind === "shown" ? state.deadlineMs : undefined,
    matchCode: undefined,
    peer: undefined,
    error: error === undefined ? undefined : { name: error, canRetry: canRetry(error) },
    failuresInARow: state.failuresInARow,
  };
}

const MACHINE: LinkMachine<TakerState, TakerInput, TakerEffect> = {
  states: TAKER_STATES,
  rows: indexRows(TAKER_ROWS),
  needs: takerNeeds,
  project: takerStatus,
};

export const stepTaker = (state: TakerState, input: TakerInput, context: StepContext): LinkStep<TakerState, TakerEffect> =>
  stepLink(MACHINE, state, input, context);

/** After a restart, with the state of the last `persist`. Give `connected` when there is a connection. */
export const resumeTaker = (saved: TakerState, context: StepContext): LinkStep<TakerState, TakerEffect> =>
  resumeLink(MACHINE, saved, context.nowMs);

export const describeTaker = (): Transition[] => describeRows(TAKER_ROWS);
export const takerDeadEnds = (): string[] => findDeadEnds(TAKER_STATES, TAKER_ROWS, (name) => `timer:${name}`);
export { INITIAL_TAKER };
