/**
 * `npm run bench -- NAME|all|list [--json] [--check] [--quick]`: runs one benchmark (`bench/src/NAME.ts`) or all of them. Figures go
 * to the standard output as a table, or with `--json` as one object a benchmark; `--check` judges them against their goals.
 * Exit codes: 0 done, 1 a goal was missed or a benchmark failed, 2 wrong usage.
 */
import { readdirSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { OperationalError } from "@hawser/base";
import { type Benchmark, formatGoal, isBenchmark, missedGoals } from "./benchmark.ts";

const USAGE = "usage: npm run bench -- NAME|all|list [--json] [--check] [--quick]";
/** Modules of this folder that are no benchmarks: those with a dot or a directory of their own are never listed. */
const NOT_BENCHMARKS = new Set(["main.ts", "benchmark.ts", "corpus.ts"]);

class UsageError extends OperationalError {
  constructor(message: string) {
    super("USAGE", { message });
  }
}

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
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return (console.log(USAGE), 0);
  const [wanted] = positionals;
  if (wanted === undefined || positionals.length > 1) throw new UsageError("One benchmark, or all of them.");
  const chosen = wanted === "all" || wanted === "list" ? names() : [wanted];
  if (!chosen.every((name) => names().includes(name)))
    throw new UsageError(`No benchmark is called "${wanted}"; there are: ${names().join(", ")}`);
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
  const isUsage = error instanceof UsageError || (error instanceof TypeError && /ERR_PARSE_ARGS/.test(String(Reflect.get(error, "code"))));
  console.error(error instanceof Error ? (isUsage ? error.message.split("\n", 1)[0] : error.message) : error);
  if (isUsage) console.error(USAGE);
  process.exitCode = isUsage ? 2 : 1;
}
