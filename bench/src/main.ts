/**
 * `npm run bench -- NAME|all|list [--json] [--check] [--quick]`: runs one benchmark (`bench/src/NAME.ts`) or all of them. Figures go
 * to the standard output as a table, or with `--json` as one object a benchmark; `--check` judges them against their goals.
 * Exit codes: 0 done, 1 a goal was missed or a benchmark failed, 2 wrong usage.
 */
import { readdirSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { type Benchmark, formatGoal, isBenchmark, missedGoals } from "./benchmark.ts";

const USAGE = "usage: npm run bench -- NAME|all|list [--json] [--check] [--quick]";
/** Modules of this folder that are no benchmarks: those with a dot or a directory of their own are never listed. */
const NOT_BENCHMARKS = new Set(["main.ts", "benchmark.ts", "corpus.ts"]);

function names(): string[] {
  return readdirSync(import.meta.dirname)
    .filter((file) => /^[a-z0-9-]+\.ts$/.test(file) && !NOT_BENCHMARKS.has(file))
    .map((file) => file.slice(0, -".ts".length))
    .sort();
}

async function load(name: string): Promise<Benchmark | undefined> {
  const module: unknown = await import(new URL(`./${name}.ts`, import.meta.url).href);
  return isBenchmark(module) ? module : undefined;
}

interface Options {
  readonly json: boolean;
  readonly check: boolean;
  readonly quick: boolean;
}

/** Runs one benchmark and prints it; returns whether it met its goals (always, without `--check`). */
async function runOne(name: string, benchmark: Benchmark, options: Options): Promise<boolean> {
  // A busy machine explains a slow figure, so every run says how busy it was.
  const load = loadavg()[0]!;
  if (!options.json)
    console.log(
      `== ${name}${options.quick ? " (quick: fewer rounds, figures are rough)" : ""}, load before ${load.toFixed(1)} on ${availableParallelism()} cores`,
    );
  const { figures, table } = await benchmark.run({ quick: options.quick });
  const missed = missedGoals(benchmark.goals, figures);
  if (options.json)
    console.log(
      JSON.stringify({ name, quick: options.quick, load, figures, goals: benchmark.goals, missed: missed.map((goal) => goal.name) }),
    );
  else console.log(table);
  if (!options.check) return true;
  for (const goal of missed) console.error(`${name}: missed ${formatGoal(goal, figures)}`);
  return missed.length === 0;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
    },
  });
  const [wanted] = positionals;
  if (wanted === undefined || positionals.length > 1) throw new Error(USAGE);
  const chosen = wanted === "all" || wanted === "list" ? names() : [wanted];
  if (!chosen.every((name) => names().includes(name)))
    throw new Error(`no benchmark "${wanted}"; there are: ${names().join(", ")}\n${USAGE}`);
  let good = true;
  for (const name of chosen) {
    const benchmark = await load(name);
    if (benchmark === undefined) {
      if (wanted !== "all" && wanted !== "list") throw new Error(`bench/src/${name}.ts exports no goals and run`);
    } else if (wanted === "list") {
      console.log(`${name}: ${benchmark.goals.map((goal) => formatGoal(goal)).join("; ")}`);
    } else {
      good = (await runOne(name, benchmark, values)) && good;
    }
  }
  return good ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode =
    error instanceof Error && /usage:|ERR_PARSE_ARGS/.test(`${error.message} ${"code" in error ? String(error.code) : ""}`) ? 2 : 1;
}
