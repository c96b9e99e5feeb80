/** What a benchmark module exports, and how its figures are judged. */
export interface Goal {
  /** The key of a figure. */
  readonly name: string;
  readonly compare: "<=" | ">=";
  readonly value: number;
  /** `ms`, `rows/s`, `MB`, `×` … */
  readonly unit: string;
}

export interface BenchmarkResult {
  readonly figures: Readonly<Record<string, number>>;
  /** The same for people, several lines. */
  readonly table: string;
}

export interface Benchmark {
  readonly goals: readonly Goal[];
  /** `quick` takes fewer rounds; its figures show that the benchmark runs, not how fast the program is. */
  run(options: { readonly quick?: boolean }): Promise<BenchmarkResult>;
}

export function isBenchmark(module: unknown): module is Benchmark {
  return (
    typeof module === "object" &&
    module !== null &&
    "goals" in module &&
    Array.isArray(module.goals) &&
    "run" in module &&
    typeof module.run === "function"
  );
}

/** Goals not reached. A figure that was not measured, or is not a number, reaches nothing. */
export function missedGoals(goals: readonly Goal[], figures: Readonly<Record<string, number>>): Goal[] {
  return goals.filter(({ name, compare, value }) => {
    const figure = figures[name];
    if (figure === undefined || Number.isNaN(figure)) return true;
    return compare === "<=" ? figure > value : figure < value;
  });
}

export function formatGoal(goal: Goal, figures?: Readonly<Record<string, number>>): string {
  const text = `${goal.name} ${goal.compare} ${goal.value} ${goal.unit}`;
  if (figures === undefined) return text;
  const figure = figures[goal.name];
  return `${text}: ${figure === undefined ? "not measured" : `${Number(figure.toPrecision(4))} ${goal.unit}`}`;
}
