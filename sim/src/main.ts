/** `npm run sim` (`SIM_USAGE`): simulated worlds, seed by seed. */
import { readCommandLine } from "./command-line.ts";
import { installSyncSubtle } from "./engine/sync-subtle.ts";
import { drawPlan, type Plan } from "./run/plan.ts";
import { portionsOf, runPortion, SEEDS_A_PORTION } from "./run/portions.ts";
import { runPlan, type RunResult } from "./run/run-plan.ts";
import { shrink } from "./run/shrink.ts";
import { readSimOptions, SIM_USAGE } from "./sim-options.ts";

const HOUR_MS = 3_600_000;
/** Simulated time of devices per minute of this machine. */
const GOAL_DEVICE_HOURS_PER_MINUTE = 1_000;
const MAX_SHOWN_FAILURES = 20;
/** What a portion is told of what the whole was told. */
const SWITCHES = ["calm", "short", "today"] as const;
/** As a shell says of Ctrl-C. */
const INTERRUPTED = 130;

const options = readCommandLine(SIM_USAGE, readSimOptions);

interface Totals {
  seeds: number;
  deviceMs: number;
  events: number;
  messages: number;
  links: number;
  slowestHealMs: number;
  readonly failures: { readonly seed: number; readonly violations: RunResult["violations"]; readonly steps: Plan["steps"] }[];
}

const say = (text: string): void => void (options.json ? process.stderr : process.stdout).write(`${text}\n`);

async function runSeed(seed: number, totals: Totals): Promise<void> {
  const drawn = drawPlan(seed, { calm: options.calm, short: options.short });
  const plan = options.today ? { ...drawn, oldVersions: false } : drawn;
  const result = await runPlan(plan, options.trace ? { follow: say } : {});
  totals.seeds++;
  totals.deviceMs += result.deviceMs;
  totals.events += result.events;
  totals.messages += result.messages;
  totals.links += result.links;
  totals.slowestHealMs = Math.max(totals.slowestHealMs, result.healedAfterMs);
  if (options.trace) say(`trace ${result.traceHash}`);
  if (result.violations.length > 0) await report(plan, result, totals);
}

async function report(plan: Plan, result: RunResult, totals: Totals): Promise<void> {
  say(`\nseed ${plan.seed} fails (trace ${result.traceHash}):`);
  for (const { rule, text } of result.violations.slice(0, 8)) say(`  ${rule}: ${text}`);
  const smaller = await shrink(plan, result, options.shrinkRuns);
  say(
    `  still fails with ${smaller.plan.steps.length} of ${plan.steps.length} steps (${smaller.runs} runs): ${smaller.plan.steps.map((step) => `${step.id} ${step.kind}`).join(", ")}`,
  );
  for (const line of smaller.result.lastLines.filter((last) => last.includes("·")).slice(-25)) say(`  ${line}`);
  say(`  again: npm run sim -- --from ${plan.seed} --seeds 1${options.short ? " --short" : ""} --trace`);
  totals.failures.push({ seed: plan.seed, violations: result.violations, steps: smaller.plan.steps });
}

/** Of this process's own CPU time: what other programs take does not count. */
const cpuMinutes = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 60_000_000;
};

interface Summary extends Totals {
  readonly cpuMinutes: number;
}

/** For people and for other programs. */
function figures(summary: Summary, elapsedMs: number): Record<string, unknown> {
  const deviceHours = summary.deviceMs / HOUR_MS;
  const { seeds, failures, events, messages, links, slowestHealMs } = summary;
  return {
    from: options.from,
    seeds,
    failures,
    deviceHours: Math.round(deviceHours),
    deviceHoursPerMinute: Math.round(deviceHours / (elapsedMs / 60_000)),
    deviceHoursPerCpuMinute: Math.round(deviceHours / summary.cpuMinutes),
    goalDeviceHoursPerMinute: GOAL_DEVICE_HOURS_PER_MINUTE,
    elapsedSeconds: Math.round(elapsedMs / 1_000),
    events,
    messages,
    links,
    slowestHealSeconds: Math.round(slowestHealMs / 1_000),
    primitives: "node (OpenSSL)",
    summary,
  };
}

const progress = (summary: Pick<Totals, "seeds" | "failures">): void => {
  if (summary.seeds % 50 === 0) say(`${summary.seeds} seeds, ${summary.failures.length} failures`);
};

/** One seed after the other, here. */
async function runHere(from: number, count: number, isStopped: () => boolean): Promise<Summary> {
  installSyncSubtle();
  const totals: Totals = { seeds: 0, deviceMs: 0, events: 0, messages: 0, links: 0, slowestHealMs: 0, failures: [] };
  for (let seed = from; seed < from + count && !isStopped() && totals.failures.length < MAX_SHOWN_FAILURES; seed++) {
    await runSeed(seed, totals);
    if (!options.json) progress(totals);
  }
  return { ...totals, cpuMinutes: cpuMinutes() };
}

/** Portions of them side by side. */
async function runPortions(from: number, count: number, jobs: number, isStopped: () => boolean): Promise<Summary> {
  const words = ["--shrink-runs", String(options.shrinkRuns), ...SWITCHES.flatMap((name) => (options[name] ? [`--${name}`] : []))];
  const waiting = portionsOf(from, count);
  let sum: Summary = { seeds: 0, deviceMs: 0, events: 0, messages: 0, links: 0, slowestHealMs: 0, failures: [], cpuMinutes: 0 };
  const work = async (): Promise<void> => {
    while (!isStopped() && sum.failures.length < MAX_SHOWN_FAILURES) {
      const portion = waiting.shift();
      if (portion === undefined) return;
      const { summary } = await runPortion<{ summary: Summary }>(portion, words, say);
      sum = {
        seeds: sum.seeds + summary.seeds,
        deviceMs: sum.deviceMs + summary.deviceMs,
        events: sum.events + summary.events,
        messages: sum.messages + summary.messages,
        links: sum.links + summary.links,
        slowestHealMs: Math.max(sum.slowestHealMs, summary.slowestHealMs),
        failures: [...sum.failures, ...summary.failures],
        cpuMinutes: sum.cpuMinutes + summary.cpuMinutes,
      };
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
  const summary = await (jobs === 1 ? runHere(from, count, isStopped) : runPortions(from, count, jobs, isStopped));
  const result = figures(summary, performance.now() - startedMs);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else
    say(
      Object.entries(result)
        .filter(([name]) => name !== "failures" && name !== "summary")
        .map(([name, value]) => `${name.padEnd(26)} ${String(value)}`)
        .join("\n") + `\nfailures                   ${summary.failures.length}`,
    );
  const slow = (result["deviceHoursPerCpuMinute"] as number) < GOAL_DEVICE_HOURS_PER_MINUTE;
  if (summary.failures.length > 0 || (options.check && slow)) process.exitCode = 1;
  // Fewer seeds than were asked for prove less than was asked for.
  else if (stopped && !options.soak) process.exitCode = INTERRUPTED;
}

await main();
