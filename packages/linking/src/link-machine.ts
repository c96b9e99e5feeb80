/**
 * How both linking machines run: look the row up, move, persist, serve the state that was reached. What a state needs
 * (timer, job, watch, put) is declared once per state, so entering it, resuming it after a restart and reconnecting all do
 * the same. Invariants: `persist` comes before every other effect of a step; leaving a state ends its timers.
 */
import { assert, type Random, type Row, type StateRule } from "@hawser/base";
import type { CommonEffect, LinkTimer, Side } from "./link-effects.ts";
import type { Base64Url, LinkJob } from "./link-jobs.ts";
import type { LinkStatus } from "./link-status.ts";

export interface LinkStateRule extends StateRule<LinkTimer> {
  /** How long the state may last before its deadline timer ends it. */
  readonly afterMs?: number;
}

export interface StepContext {
  readonly nowMs: number;
  readonly random: Random;
}

export interface LinkStep<State, Effect> {
  readonly state: State;
  readonly effects: readonly Effect[];
}

export interface LinkState {
  readonly kind: string;
  readonly nextEffectId: number;
  readonly asked: number;
  readonly deadlineMs: number;
}

/** Where a handler leads. `undefined` instead of a move: the input means nothing after all. */
export interface Move<State extends LinkState, Effect> {
  readonly to: State["kind"];
  readonly with?: Partial<State>;
  /** After those of the state reached. */
  readonly effects?: readonly Effect[];
  /** The same state goes on: its deadline keeps running. `serve` repeats what it needs, `only` just has `effects`. */
  readonly stay?: "serve" | "only";
}

/** What a state needs from the world for as long as it lasts. */
export interface Needs<Effect> {
  readonly watch?: readonly { readonly rendezvousId: Base64Url; readonly side: Side; readonly fromIndex: number }[];
  readonly put?: {
    readonly rendezvousId: Base64Url;
    readonly side: Side;
    readonly index: number;
    readonly body: Base64Url;
    readonly writerToken: Base64Url;
  };
  readonly job?: LinkJob;
  /** A question of this machine's own kind. */
  readonly ask?: (effectId: number) => Effect;
  readonly pollMs?: number;
}

export type LinkHandler<State extends LinkState, Input, Effect> = (
  state: State,
  input: Input,
  context: StepContext,
) => Move<State, Effect> | undefined;

export interface LinkMachine<State extends LinkState, Input extends { readonly type: string }, Effect, Status = LinkStatus> {
  readonly states: Readonly<Record<State["kind"], LinkStateRule>>;
  readonly rows: ReadonlyMap<string, Row<State["kind"], string, LinkHandler<State, Input, Effect>>>;
  readonly needs: (state: State) => Needs<Effect>;
  readonly project: (state: State) => Status;
}

type Full<State, Effect, Status> = Effect | CommonEffect<State, Status>;

export function stepLink<State extends LinkState, Input extends { readonly type: string }, Effect, Status>(
  machine: LinkMachine<State, Input, Effect, Status>,
  state: State,
  input: Input,
  context: StepContext,
): LinkStep<State, Full<State, Effect, Status>> {
  if ("effectId" in input && input.effectId !== state.asked) return { state, effects: [] };
  const key = "timer" in input ? `timer:${String(input.timer)}` : input.type;
  const row = machine.rows.get(`${state.kind}|${key}`);
  const move = row?.run(state, input, context);
  if (row === undefined || move === undefined) return { state, effects: [] };
  assert(row.to.includes(move.to), "a transition led to a state its row does not name");
  const moved = { ...state, ...move.with, kind: move.to };
  if (move.stay === undefined) return enter(machine, state, moved, context.nowMs, move.effects ?? []);
  assert(move.to === state.kind, "staying means staying");
  const served = move.stay === "serve" ? serve(machine, moved) : { state: moved, effects: [] };
  return finish(machine, state, served.state, [...served.effects, ...(move.effects ?? [])]);
}

/** Goes on after a restart: the same state, its needs again, and what is left of its deadline. */
export function resumeLink<State extends LinkState, Input extends { readonly type: string }, Effect, Status>(
  machine: LinkMachine<State, Input, Effect, Status>,
  saved: State,
  nowMs: number,
): LinkStep<State, Full<State, Effect, Status>> {
  const { afterMs } = machine.states[saved.kind as State["kind"]];
  // The clock may have jumped: never longer than the whole deadline, and never skipped.
  const leftMs = afterMs === undefined ? undefined : Math.min(afterMs, Math.max(0, saved.deadlineMs - nowMs));
  const state = leftMs === undefined ? saved : { ...saved, deadlineMs: nowMs + leftMs };
  const timer: Full<State, Effect, Status>[] = leftMs === undefined ? [] : [{ type: "set-timer", timer: "deadline", afterMs: leftMs }];
  const served = serve(machine, state);
  return finish(machine, undefined, served.state, [...timer, ...served.effects]);
}

function enter<State extends LinkState, Input extends { readonly type: string }, Effect, Status>(
  machine: LinkMachine<State, Input, Effect, Status>,
  before: State,
  moved: State,
  nowMs: number,
  last: readonly Full<State, Effect, Status>[],
): LinkStep<State, Full<State, Effect, Status>> {
  const { afterMs } = machine.states[moved.kind as State["kind"]];
  const effects: Full<State, Effect, Status>[] = [];
  if (machine.states[before.kind as State["kind"]].deadline !== undefined) {
    for (const timer of ["deadline", "retry", "poll"] as const) effects.push({ type: "clear-timer", timer });
  }
  if (afterMs !== undefined) effects.push({ type: "set-timer", timer: "deadline", afterMs });
  // No question of the state before may be answered into this one.
  const served = serve(machine, { ...moved, asked: 0, deadlineMs: afterMs === undefined ? 0 : nowMs + afterMs });
  return finish(machine, before, served.state, [...effects, ...served.effects, ...last]);
}

function serve<State extends LinkState, Input extends { readonly type: string }, Effect, Status>(
  machine: LinkMachine<State, Input, Effect, Status>,
  state: State,
): LinkStep<State, Full<State, Effect, Status>> {
  const needs = machine.needs(state);
  const effects: Full<State, Effect, Status>[] = (needs.watch ?? []).map((watch) => ({ type: "rendezvous-watch", ...watch }));
  const effectId = state.nextEffectId;
  if (needs.put !== undefined) effects.push({ type: "rendezvous-put", effectId, ...needs.put });
  else if (needs.job !== undefined) effects.push({ type: "crypto", effectId, job: needs.job });
  else if (needs.ask !== undefined) effects.push(needs.ask(effectId));
  if (needs.pollMs !== undefined) effects.push({ type: "set-timer", timer: "poll", afterMs: needs.pollMs });
  const asks = needs.put !== undefined || needs.job !== undefined || needs.ask !== undefined;
  return { state: asks ? { ...state, asked: effectId, nextEffectId: effectId + 1 } : state, effects };
}

function finish<State extends LinkState, Input extends { readonly type: string }, Effect, Status>(
  machine: LinkMachine<State, Input, Effect, Status>,
  before: State | undefined,
  state: State,
  effects: readonly Full<State, Effect, Status>[],
): LinkStep<State, Full<State, Effect, Status>> {
  const status = machine.project(state);
  const told = before !== undefined && JSON.stringify(machine.project(before)) === JSON.stringify(status);
  return { state, effects: [{ type: "persist", state }, ...effects, ...(told ? [] : [{ type: "status", status } as const])] };
}
