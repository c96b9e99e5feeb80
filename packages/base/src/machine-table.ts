/**
 * A machine as data: states with their deadlines, and rows (state, input) → possible next states. One lookup runs it, and
 * the same rows are checked for dead ends and drawn as a diagram. Invariants: an input without a row changes nothing and
 * has no effects; a row never leads to a state it does not name.
 */
import { assert } from "./result.ts";

/** Exactly one of the three. */
export interface StateRule<Timer extends string> {
  /** A resting state waits for a person or another device, or is final. */
  readonly resting?: "idle" | "final";
  /** The timer that runs for as long as the state lasts, and what it is for. */
  readonly deadline?: { readonly timer: Timer; readonly why: string };
  readonly work?: Work;
}

/** The driver works for as long as the state lasts: each of its requests has a deadline. A test of the driver holds it to `withinMs`. */
export interface Work {
  readonly why: string;
  /** The inputs one of which comes within `withinMs`, whatever the world does. */
  readonly ends: readonly string[];
  readonly withinMs: number;
}

export interface Arrow<Kind extends string, Input extends string> {
  readonly in: Kind;
  readonly on: Input;
  readonly to: readonly Kind[];
}

export interface Row<Kind extends string, Input extends string, Handler> extends Arrow<Kind, Input> {
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

export function describeRows<Kind extends string, Input extends string>(rows: readonly Arrow<Kind, Input>[]): Transition[] {
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

/** What is wrong with a machine's tables: waits without a deadline, deadlines nobody answers, work without an end, states without a way out. */
export function findDeadEnds<Kind extends string, Timer extends string>(
  states: Readonly<Record<Kind, StateRule<Timer>>>,
  rows: readonly Arrow<Kind, string>[],
  timerInput: (timer: Timer) => string,
): string[] {
  const faults: string[] = [];
  for (const kind of Object.keys(states) as Kind[]) {
    const { resting, deadline, work } = states[kind];
    const out = rows.filter((row) => row.in === kind);
    const leaves = (row: Arrow<Kind, string>): boolean => row.to.some((next) => next !== kind);
    if (resting !== undefined && (deadline !== undefined || work !== undefined)) faults.push(`${kind}: rests and waits`);
    if (resting === "final") {
      if (out.some(leaves)) faults.push(`${kind}: not final`);
      continue;
    }
    if (!out.some(leaves)) faults.push(`${kind}: no way out`);
    if (resting === "idle") continue;
    if (deadline === undefined && work === undefined) faults.push(`${kind}: no deadline`);
    if (deadline !== undefined && !out.some((row) => row.on === timerInput(deadline.timer)))
      faults.push(`${kind}: nobody answers ${deadline.timer}`);
    if (work !== undefined) faults.push(...workFaults(work, out.filter(leaves).map((row) => row.on)).map((fault) => `${kind}: ${fault}`)); // prettier-ignore
  }
  return faults;
}

function workFaults({ ends, withinMs }: Work, leaving: readonly string[]): string[] {
  const faults = ends.filter((end) => !leaving.includes(end)).map((end) => `${end} does not end its work`);
  if (ends.length === 0 || !(withinMs > 0 && Number.isFinite(withinMs))) faults.push("work without an end");
  return faults;
}
