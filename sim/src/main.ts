/** `npm run sim` (`SIM_USAGE`): simulated worlds, seed by seed. */
import { readCommandLine } from "./command-line.ts";
import { installSyncSubtle } from "./engine/sync-subtle.ts";
import { drawPlan, LATE_TROUBLE, type Plan } from "./run/plan.ts";
import { portionsOf, runPortion, SEEDS_A_PORTION } from "./run/portions.ts";
import { runPlan, type RunResult } from "./run/run-plan.ts";
import { shrink } from "./run/shrink.ts";
import { added, NOTHING, type Totals } from "./run/totals.ts";
import { readSimOptions, SIM_USAGE } from "./sim-options.ts";

const HOUR_MS = 3_600_000;
/** Simulated time of devices per minute of this machine. */
const GOAL_DEVICE_HOURS_PER_MINUTE = 1_000;
const MAX_SHOWN_FAILURES = 20;
/** What a portion is told of what the whole was told. */
const SWITCHES = ["calm", "short", "today", "plain"] as const;
/** As a shell says of Ctrl-C. */
const INTERRUPTED = 130;

const options = readCommandLine(SIM_USAGE, readSimOptions);

const say = (text: string): void => void (options.json ? process.stderr : process.stdout).write(`${text}\n`);

async function runSeed(seed: number): Promise<Totals> {
  const drawn = drawPlan(seed, { calm: options.calm, short: options.short, without: options.plain ? LATE_TROUBLE : [] });
  const plan = options.today ? { ...drawn, oldVersions: false } : drawn;
  const result = await runPlan(plan, options.trace ? { follow: say } : {});
  if (options.trace) say(`trace ${result.traceHash}`);
  return {
    seeds: 1,
    failures: result.violations.length > 0 ? [await report(plan, result)] : [],
    deviceHours: result.deviceMs / HOUR_MS,
    events: result.events,
    messages: result.messages,
    links: result.links,
    slowestHealSeconds: result.healedAfterMs / 1_000,
    cpuMinutes: 0,
  };
}

async function report(plan: Plan, result: RunResult): Promise<Totals["failures"][number]> {
  say(`\nseed ${plan.seed} fails (trace ${result.traceHash}):`);
  for (const { rule, text } of result.violations.slice(0, 8)) say(`  ${rule}: ${text}`);
  const smaller = await shrink(plan, result, options.shrinkRuns);
  say(
    `  still fails with ${smaller.plan.steps.length} of ${plan.steps.length} steps (${smaller.runs} runs): ${smaller.plan.steps.map((step) => `${step.id} ${step.kind}`).join(", ")}`,
  );
  for (const line of smaller.result.lastLines.filter((last) => last.includes("·")).slice(-25)) say(`  ${line}`);
  say(`  again: npm run sim -- --from ${plan.seed} --seeds 1${options.short ? " --short" : ""}${options.plain ? " --plain" : ""} --trace`);
  return { seed: plan.seed, violations: result.violations, steps: smaller.plan.steps };
}

/** Of this process's own CPU time: what other programs take does not count. */
const cpuMinutes = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 60_000_000;
};

/** For people and for other programs, which get it whole. */
const figures = (totals: Totals, elapsedMs: number) => ({
  from: options.from,
  ...totals,
  deviceHoursPerMinute: totals.deviceHours / (elapsedMs / 60_000),
  deviceHoursPerCpuMinute: totals.deviceHours / totals.cpuMinutes,
  goalDeviceHoursPerMinute: GOAL_DEVICE_HOURS_PER_MINUTE,
  elapsedSeconds: elapsedMs / 1_000,
  primitives: "node (OpenSSL)",
});

const shown = (value: unknown): string =>
  Array.isArray(value) ? String(value.length) : typeof value === "number" ? String(Math.round(value)) : String(value);

const progress = ({ seeds, failures }: Totals): void => {
  if (seeds % 50 === 0) say(`${seeds} seeds, ${failures.length} failures`);
};

/** One seed after the other, here. */
async function runHere(from: number, count: number, isStopped: () => boolean): Promise<Totals> {
  installSyncSubtle();
  let totals = NOTHING;
  for (let seed = from; seed < from + count && !isStopped() && totals.failures.length < MAX_SHOWN_FAILURES; seed++) {
    totals = added(totals, await runSeed(seed));
    if (!options.json) progress(totals);
  }
  return { ...totals, cpuMinutes: cpuMinutes() };
}

/** Portions of them side by side. */
async function runPortions(from: number, count: number, jobs: number, isStopped: () => boolean): Promise<Totals> {
  const words = ["--shrink-runs", String(options.shrinkRuns), ...SWITCHES.flatMap((name) => (options[name] ? [`--${name}`] : []))];
  const waiting = portionsOf(from, count);
  let sum = NOTHING;
  const work = async (): Promise<void> => {
    while (!isStopped() && sum.failures.length < MAX_SHOWN_FAILURES) {
      const portion = waiting.shift();
      if (portion === undefined) return;
      const totals = await runPortion<Totals>(portion, words, say);
      sum = added(sum, totals);
      progress(sum);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return sum;
}

async function main(): Promise<void> {
  let stopped = false;
  process.once("SIGINT", () => (stopped = true));
  const isStopped = (): boolean => stopped;
  const { from, seeds: count } = options;
  const jobs = options.trace || options.soak || count <= SEEDS_A_PORTION ? 1 : options.jobs;
  const startedMs = performance.now();
  const totals = await (jobs === 1 ? runHere(from, count, isStopped) : runPortions(from, count, jobs, isStopped));
  const result = figures(totals, performance.now() - startedMs);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else for (const [name, value] of Object.entries(result)) say(`${name.padEnd(26)} ${shown(value)}`);
  const slow = result.deviceHoursPerCpuMinute < GOAL_DEVICE_HOURS_PER_MINUTE;
  if (totals.failures.length > 0 || (options.check && slow)) process.exitCode = 1;
  // Fewer seeds than were asked for prove less than was asked for.
  else if (stopped && !options.soak) process.exitCode = INTERRUPTED;
}

await main();
