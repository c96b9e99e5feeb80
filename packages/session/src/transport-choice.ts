/**
 * Which transport carries a connection: chosen by evidence. The best comes first, others join after a short head start or as soon as one
 * has failed, and the first that brings a frame carries. Invariants: in `carrying` exactly one is open, in `probing` one more, in `idle`
 * none; a kind is held to be blocked only where another got through; what was learned is forgotten by itself. docs/PROTOCOL.md, "Without
 * WebSockets".
 */
import { assert, describeRows, findDeadEnds, indexRows, type Row, type StateRule, type Transition } from "@hawser/base";
import { blockOf, withBlock, withoutBlock, withoutNetwork } from "./transport-memory.ts";
import type { ChoiceEffect, ChoiceInput, ChoiceKind, ChoiceState, ChoiceTimer, TransportKind, TransportMemory } from "./transport-types.ts";
import { TRANSPORT_KINDS } from "./transport-types.ts";

/** A transport that has brought nothing after so long is joined by the next one. An upgrade that hangs costs this, not minutes. */
const HEAD_START_MS = 1_500;
/** All have started: what brings nothing by then will not. Ends before the session's own deadline does, so that something is learned. */
const LAST_CALL_MS = 4_500;
const PROBE_DEADLINE_MS = 8_000;
/** A connection that ends without a word within this time counts against what carried it, if it happens so often in a row. */
const SHORT_LIVED_MS = 20_000;
const SHORT_LIVED_TIMES = 3;
/** RFC 6455 §7.4.1: closed without a word. */
const ABNORMAL_CLOSURE = 1006;

export interface ChoiceContext {
  readonly nowMs: number;
}

export interface ChoiceStep {
  readonly state: ChoiceState;
  readonly effects: readonly ChoiceEffect[];
}

export const CHOICE_STATES: Readonly<Record<ChoiceKind, StateRule<ChoiceTimer>>> = {
  idle: { resting: "idle" },
  racing: { deadline: { timer: "next", why: "the next one joins, or nobody came" } },
  // The session's watchdog ends a connection that carries nothing.
  carrying: { resting: "idle" },
  probing: { deadline: { timer: "next", why: "a better kind answers soon or not" } },
};

type InputKey = Exclude<ChoiceInput["type"], "timer"> | `timer:${ChoiceTimer}`;
type Handler = (state: ChoiceState, input: never, context: ChoiceContext) => ChoiceStep;
type Of<Type extends ChoiceInput["type"]> = Extract<ChoiceInput, { type: Type }>;

const row = <Type extends ChoiceInput["type"]>(
  kinds: readonly ChoiceKind[],
  on: InputKey & (Type | `timer:${string}`),
  to: readonly ChoiceKind[],
  run: (state: ChoiceState, input: Of<Type>, context: ChoiceContext) => ChoiceStep,
): Row<ChoiceKind, InputKey, Handler>[] => kinds.map((kind) => ({ in: kind, on, to, run }));

const BUSY: readonly ChoiceKind[] = ["racing", "carrying", "probing"];

export const CHOICE_ROWS: readonly Row<ChoiceKind, InputKey, Handler>[] = [
  ...row<"open">(["idle"], "open", ["racing"], (state, input, context) => race(state, input.network, context)),
  ...row<"close">(BUSY, "close", ["idle"], (state) => rest(state, [])),

  ...row<"proven">(["racing"], "proven", ["carrying"], (state, input, context) => won(state, input.kind, context)),
  ...row<"closed">(["racing"], "closed", ["racing", "idle"], (state, input) => {
    const left = state.running.filter((kind) => kind !== input.kind);
    const next = { ...state, running: left, failed: [...state.failed, input.kind] };
    return state.waiting.length > 0 ? startNext(next) : left.length > 0 ? same(next) : rest(next, [ended(input.code, input.reason)]);
  }),
  ...row<"timer">(["racing"], "timer:next", ["racing", "idle"], (state) =>
    state.waiting.length > 0 ? startNext(state) : rest(state, [ended(ABNORMAL_CLOSURE, "no transport brought anything")]),
  ),

  ...row<"closed">(["carrying", "probing"], "closed", ["carrying", "idle"], (state, input, context) =>
    input.kind === state.carrier ? carrierClosed(state, input, context) : probeFailed(state, context, false),
  ),
  ...row<"timer">(["carrying"], "timer:better", ["carrying", "probing"], (state, _input, context) => {
    const probe = betterOnes(state)[0];
    if (probe === undefined || blockOf(state.memory, state.network, probe, context.nowMs) !== undefined) return awaitBetter(state, context);
    return {
      state: { ...state, kind: "probing", probe },
      effects: [
        { type: "start", kind: probe },
        { type: "set-timer", timer: "next", afterMs: PROBE_DEADLINE_MS },
      ],
    };
  }),
  ...row<"proven">(["probing"], "proven", ["carrying", "probing"], (state, input) => {
    if (input.kind !== state.probe) return same(state);
    const memory = withoutBlock(state.memory, state.network, input.kind);
    return {
      state: { ...state, kind: "carrying", memory },
      effects: [
        { type: "clear-timer", timer: "next" },
        { type: "stop", kind: input.kind },
        ...remembered(state, memory),
        { type: "reconnect" },
      ],
    };
  }),
  ...row<"timer">(["probing"], "timer:next", ["carrying"], (state, _input, context) => probeFailed(state, context, true)),

  ...row<"network-changed">(["idle", "racing", "carrying", "probing"], "network-changed", ["idle", ...BUSY], (state, input, context) => {
    // A network without a name may be another one now: what was learned of the last one says nothing.
    const memory = input.network === "" ? withoutNetwork(state.memory, "") : state.memory;
    const next = { ...state, memory, network: input.network };
    const better = state.kind === "carrying" ? awaitBetter(next, context).effects : [];
    return { state: next, effects: [...remembered(state, memory), ...better] };
  }),
];

const INDEX = indexRows(CHOICE_ROWS);

export function initialChoice(available: readonly TransportKind[], memory: TransportMemory): ChoiceState {
  assert(available.length > 0, "there is at least one transport");
  const [best] = (available = TRANSPORT_KINDS.filter((kind) => available.includes(kind)));
  return {
    kind: "idle",
    available,
    network: "",
    running: [],
    waiting: [],
    failed: [],
    carrier: best!,
    carriedSinceMs: 0,
    probe: best!,
    shortLived: { kind: best!, times: 0 },
    memory,
  };
}

export function stepChoice(state: ChoiceState, input: ChoiceInput, context: ChoiceContext): ChoiceStep {
  const key: InputKey = input.type === "timer" ? `timer:${input.timer}` : input.type;
  const found = INDEX.get(`${state.kind}|${key}`);
  if (found === undefined) return same(state);
  const next = found.run(state, input as never, context);
  assert(found.to.includes(next.state.kind), "a transition led to a state its row does not name");
  return next;
}

export const describeChoice = (): Transition[] => describeRows(CHOICE_ROWS);
export const choiceDeadEnds = (): string[] => findDeadEnds(CHOICE_STATES, CHOICE_ROWS, (timer) => `timer:${timer}`);

const same = (state: ChoiceState): ChoiceStep => ({ state, effects: [] });
const ended = (code: number, reason: string): ChoiceEffect => ({ type: "ended", code, reason });
const remembered = (before: ChoiceState, memory: TransportMemory): ChoiceEffect[] =>
  memory === before.memory ? [] : [{ type: "remember", memory }];

function race(state: ChoiceState, network: string, { nowMs }: ChoiceContext): ChoiceStep {
  const isBlocked = (kind: TransportKind): boolean => blockOf(state.memory, network, kind, nowMs) !== undefined;
  const waiting = [...state.available.filter((kind) => !isBlocked(kind)), ...state.available.filter(isBlocked)];
  return startNext({ ...state, kind: "racing", network, waiting, running: [], failed: [] });
}

function startNext(state: ChoiceState): ChoiceStep {
  const [kind, ...waiting] = state.waiting;
  assert(kind !== undefined, "somebody waits");
  const effects: ChoiceEffect[] = [
    { type: "start", kind },
    { type: "set-timer", timer: "next", afterMs: waiting.length > 0 ? HEAD_START_MS : LAST_CALL_MS },
  ];
  return { state: { ...state, waiting, running: [...state.running, kind] }, effects };
}

function won(state: ChoiceState, carrier: TransportKind, { nowMs }: ChoiceContext): ChoiceStep {
  const others = state.running.filter((kind) => kind !== carrier);
  let memory = withoutBlock(state.memory, state.network, carrier);
  // Better ones that had their chance and were overtaken.
  for (const kind of betterOnes({ ...state, carrier }))
    if (others.includes(kind) || state.failed.includes(kind)) memory = withBlock(memory, state.network, kind, nowMs);
  const next: ChoiceState = { ...state, kind: "carrying", carrier, carriedSinceMs: nowMs, running: [], waiting: [], failed: [], memory };
  const effects: ChoiceEffect[] = [
    { type: "clear-timer", timer: "next" },
    ...others.map((kind): ChoiceEffect => ({ type: "stop", kind })),
    ...remembered(state, memory),
    { type: "won", kind: carrier },
  ];
  return { state: next, effects: [...effects, ...awaitBetter(next, { nowMs }).effects] };
}

/** Sets the timer for the next try of something better, if there is anything. */
function awaitBetter(state: ChoiceState, { nowMs }: ChoiceContext): ChoiceStep {
  const [best] = betterOnes(state);
  if (best === undefined) return same(state);
  const untilMs = blockOf(state.memory, state.network, best, nowMs)?.untilMs ?? nowMs;
  return { state, effects: [{ type: "set-timer", timer: "better", afterMs: Math.max(HEAD_START_MS, untilMs - nowMs) }] };
}

function betterOnes(state: ChoiceState): readonly TransportKind[] {
  return state.available.slice(0, state.available.indexOf(state.carrier));
}

function probeFailed(state: ChoiceState, context: ChoiceContext, open: boolean): ChoiceStep {
  const memory = withBlock(state.memory, state.network, state.probe, context.nowMs);
  const next: ChoiceState = { ...state, kind: "carrying", memory };
  const stop: ChoiceEffect[] = open ? [{ type: "stop", kind: state.probe }] : [];
  return {
    state: next,
    effects: [{ type: "clear-timer", timer: "next" }, ...stop, ...remembered(state, memory), ...awaitBetter(next, context).effects],
  };
}

/** What carried is gone. Where that happens again and again within seconds, something on the way cuts this kind. */
function carrierClosed(state: ChoiceState, input: Of<"closed">, { nowMs }: ChoiceContext): ChoiceStep {
  const short = input.code === ABNORMAL_CLOSURE && nowMs - state.carriedSinceMs < SHORT_LIVED_MS;
  const before = state.shortLived.kind === state.carrier ? state.shortLived.times : 0;
  const times = short ? before + 1 : 0;
  const cut = times >= SHORT_LIVED_TIMES && state.available.length > 1;
  const memory = cut ? withBlock(state.memory, state.network, state.carrier, nowMs) : state.memory;
  const next = { ...state, memory, shortLived: { kind: state.carrier, times: cut ? 0 : times } };
  return rest(next, [...remembered(state, memory), ended(input.code, input.reason)], state.carrier);
}

/** Stops whatever is open; `gone` is closed already. */
function rest(state: ChoiceState, effects: readonly ChoiceEffect[], gone?: TransportKind): ChoiceStep {
  const open = state.kind === "racing" ? state.running : state.kind === "probing" ? [state.carrier, state.probe] : [state.carrier];
  const stops = open.filter((kind) => kind !== gone).map((kind): ChoiceEffect => ({ type: "stop", kind }));
  const timers: ChoiceEffect[] = [
    { type: "clear-timer", timer: "next" },
    { type: "clear-timer", timer: "better" },
  ];
  return { state: { ...state, kind: "idle", running: [], waiting: [], failed: [] }, effects: [...timers, ...stops, ...effects] };
}
