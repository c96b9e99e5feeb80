/**
 * What a drill declares: a bad day, what a peer did on it, who is there, what must hold. `play` acts on a `Stage` and measures; it knows
 * no engine. Invariants: a figure without a measurement is a missed goal; what every drill states is measured in every drill.
 */
import type { Stage } from "./stage.ts";

export type EngineName = "simulator" | "real";

/** What every drill states, for each engine that plays it: people signed out, messages lost, seconds until chats were usable, and until people were told the truth. */
export const COMMON_FIGURES = ["signedOut", "lost", "usableSeconds", "toldSeconds"] as const;

/** Nobody had to be told: nothing was wrong for longer than this, which was measured too. */
export interface NobodyToTell {
  readonly longestSeconds: number;
}
export type Figure = number | NobodyToTell;

/** The app keeps quiet about what is over after 1.5 s; half a second more for who looks at a page now and then. */
export const QUIET_SECONDS = 2;

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
  /** iPhones run in processes of their own where there are processes, so that they can be frozen and killed. */
  readonly suspendsPhones?: boolean;
  /** How many of whatever the drill has many of: in tests, on the command line, and there with real processes. */
  readonly size?: { readonly what: string; readonly test: number; readonly full: number; readonly real?: number };
  play(stage: Stage): Promise<void>;
}

export interface Verdict extends Goal {
  readonly value: Figure | undefined;
  readonly held: boolean;
}

export function judge(goals: readonly Goal[], figures: ReadonlyMap<string, Figure>, engine: EngineName): Verdict[] {
  const asked = goals.filter((goal) => (goal.engine ?? engine) === engine);
  return asked.map((goal) => {
    const value = figures.get(goal.figure);
    return { ...goal, value, held: value !== undefined && holds(goal, value) };
  });
}

function holds({ atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY }: Goal, value: Figure): boolean {
  if (typeof value !== "number") return value.longestSeconds <= QUIET_SECONDS;
  return value <= atMost && value >= atLeast;
}
