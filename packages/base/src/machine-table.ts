/**
 * A machine as data: states with their deadlines, and rows (state, input) → possible next states. One lookup runs it, and
 * the same rows are checked for dead ends and drawn as a diagram. Invariants: an input without a row changes nothing and
 * has no effects; a row never leads to a state it does not name.
 */
import { assert } from "./result.ts";

export interface StateRule<Timer extends string> {
  /** A resting state waits for a person or is final; every other state must have a deadline. */
  readonly resting?: "idle" | "final";
  /** The timer that runs for as long as the state lasts, and what it is for. */
  readonly deadline?: { readonly timer: Timer; readonly why: string };
}

export interface Row<Kind extends string, Input extends string, Handler> {
  readonly in: Kind;
  readonly on: Input;
  readonly to: readonly Kind[];
  readonly run: Handler;
}

/** One line of a machine's description. */
export interface Transition {
  readonly state: string;
  readonly input: string;
  readonly next: string;
}

export function indexRows<Kind extends string, Input extends string, Handler>(
  rows: readonly Row<Kind, Input, Handler>[],
): ReadonlyMap<string, Row<Kind, Input, Handler>> {
  const index = new Map<string, Row<Kind, Input, Handler>>();
  for (const row of rows) {
    const key = `${row.in}|${row.on}`;
    assert(!index.has(key), "a state answers an input once");
    index.set(key, row);
  }
  return index;
}

export function describeRows<Kind extends string, Input extends string>(rows: readonly Row<Kind, Input, unknown>[]): Transition[] {
  return rows.flatMap((row) => row.to.map((next) => ({ state: row.in, input: row.on, next })));
}

/** Mermaid text (`stateDiagram-v2`) of a description; inputs between the same two states share an arrow. */
export function toMermaid(transitions: readonly Transition[]): string {
  const arrows = new Map<string, string[]>();
  for (const { state, input, next } of transitions) {
    if (state === next) continue;
    const key = `${state} --> ${next}`;
    const inputs = arrows.get(key);
    if (inputs === undefined) arrows.set(key, [input]);
    else if (!inputs.includes(input)) inputs.push(input);
  }
  const names = new Set(transitions.flatMap(({ state, next }) => [state, next]));
  const id = (name: string): string => name.replaceAll("-", "_");
  const lines = ["stateDiagram-v2"];
  for (const name of names) if (id(name) !== name) lines.push(`  state "${name}" as ${id(name)}`);
  for (const [key, inputs] of arrows) {
    const [from, to] = key.split(" --> ") as [string, string];
    lines.push(`  ${id(from)} --> ${id(to)}: ${inputs.join(", ")}`);
  }
  return `${lines.join("\n")}\n`;
}

/** What is wrong with a machine's tables: waits without a deadline, deadlines nobody answers, states without a way out. */
export function findDeadEnds<Kind extends string, Timer extends string>(
  states: Readonly<Record<Kind, StateRule<Timer>>>,
  rows: readonly Row<Kind, string, unknown>[],
  timerInput: (timer: Timer) => string,
): string[] {
  const faults: string[] = [];
  for (const kind of Object.keys(states) as Kind[]) {
    const rule = states[kind];
    const out = rows.filter((row) => row.in === kind);
    if (rule.resting === "final") continue;
    if (!out.some((row) => row.to.some((next) => next !== kind))) faults.push(`${kind}: no way out`);
    if (rule.resting === "idle") continue;
    const { deadline } = rule;
    if (deadline === undefined) faults.push(`${kind}: no deadline`);
    else if (!out.some((row) => row.on === timerInput(deadline.timer))) faults.push(`${kind}: nobody answers ${deadline.timer}`);
  }
  return faults;
}
