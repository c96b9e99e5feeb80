/**
 * What a drill declares: a bad day, what a peer did on it, who is there, what must hold. `play` acts on a `Stage` and measures; it knows
 * no engine. Invariant: a figure without a measurement is a missed goal.
 */
import type { Stage } from "./stage.ts";

export type EngineName = "simulator" | "real";

export interface Goal {
  /** The name that `play` measures under. */
  readonly figure: string;
  readonly what: string;
  readonly unit: "" | "s" | "×" | "%";
  /** What a peer did on that day, or in that case; a dash where nobody published it. */
  readonly peer: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  /** Only there: the other engine cannot play what it needs. */
  readonly engine?: EngineName;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** Facts, each with its source. */
  readonly peers: readonly string[];
  readonly cast: readonly string[];
  readonly engines: readonly EngineName[];
  /** What the timeline's clock shows at the beginning; counted from zero otherwise. */
  readonly clockStartsAt?: string;
  readonly goals: readonly Goal[];
  /** Each device has other transports than WebSockets, and a proxy of its own on its way. */
  readonly behindProxies?: boolean;
  /** How many of whatever the drill has many of: in tests, on the command line, and there with real processes. */
  readonly size?: { readonly what: string; readonly test: number; readonly full: number; readonly real?: number };
  play(stage: Stage): Promise<void>;
}

export interface Verdict extends Goal {
  readonly value: number | undefined;
  readonly held: boolean;
}

export function judge(goals: readonly Goal[], figures: ReadonlyMap<string, number>, engine: EngineName): Verdict[] {
  const asked = goals.filter((goal) => (goal.engine ?? engine) === engine);
  return asked.map((goal) => {
    const value = figures.get(goal.figure);
    const held =
      value !== undefined && value <= (goal.atMost ?? Number.POSITIVE_INFINITY) && value >= (goal.atLeast ?? Number.NEGATIVE_INFINITY);
    return { ...goal, value, held };
  });
}
