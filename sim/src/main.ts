/** `npm run sim -- [--seeds 200] [--from 1] [--json] [--check] [--soak] [--calm] [--short] [--trace] [--shrink-runs 40]`: simulated worlds, seed by seed. */
import { parseArgs } from "node:util";
import { installSyncSubtle } from "./engine/sync-subtle.ts";
import { drawPlan, type Plan } from "./run/plan.ts";
import { runPlan, type RunResult } from "./run/run-plan.ts";
import { shrink } from "./run/shrink.ts";

const HOUR_MS = 3_600_000;
/** Simulated time of devices per minute of this machine. */
const GOAL_DEVICE_HOURS_PER_MINUTE = 1_000;
const MAX_SHOWN_FAILURES = 20;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "200" },
    from: { type: "string", default: "1" },
    "shrink-runs": { type: "string", default: "40" },
    json: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    soak: { type: "boolean", default: false },
    calm: { type: "boolean", default: false },
    short: { type: "boolean", default: false },
    trace: { type: "boolean", default: false },
  },
});

interface Totals {
  seeds: number;
  deviceMs: number;
  events: number;
  messages: number;
  links: number;
  slowestHealMs: number;
  readonly failures: { readonly seed: number; readonly violations: RunResult["violations"]; readonly steps: Plan["steps"] }[];
}

const say = (text: string): void => void (values.json ? process.stderr : process.stdout).write(`${text}\n`);

async function runSeed(seed: number, totals: Totals): Promise<void> {
  const plan = drawPlan(seed, { calm: values.calm, short: values.short });
  const result = await runPlan(plan, values.trace ? { follow: say } : {});
  totals.seeds++;
  totals.deviceMs += result.deviceMs;
  totals.events += result.events;
  totals.messages += result.messages;
  totals.links += result.links;
  totals.slowestHealMs = Math.max(totals.slowestHealMs, result.healedAfterMs);
  if (values.trace) say(`trace ${result.traceHash}`);
  if (result.violations.length > 0) await report(plan, result, totals);
}

async function report(plan: Plan, result: RunResult, totals: Totals): Promise<void> {
  say(`\nseed ${plan.seed} fails (trace ${result.traceHash}):`);
  for (const { rule, text } of result.violations.slice(0, 8)) say(`  ${rule}: ${text}`);
  const smaller = await shrink(plan, result, Number(values["shrink-runs"]));
  say(
    `  still fails with ${smaller.plan.steps.length} of ${plan.steps.length} steps (${smaller.runs} runs): ${smaller.plan.steps.map((step) => `${step.id} ${step.kind}`).join(", ")}`,
  );
  for (const line of smaller.result.lastLines.filter((last) => last.includes("·")).slice(-25)) say(`  ${line}`);
  say(`  again: npm run sim -- --from ${plan.seed} --seeds 1${values.short ? " --short" : ""} --trace`);
  totals.failures.push({ seed: plan.seed, violations: result.violations, steps: smaller.plan.steps });
}

/** Of this process's own CPU time: what other programs take does not count. */
const cpuMinutes = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 60_000_000;
};

function summary(totals: Totals, elapsedMs: number): Record<string, unknown> {
  const deviceHours = totals.deviceMs / HOUR_MS;
  return {
    from: Number(values.from),
    seeds: totals.seeds,
    failures: totals.failures.map(({ seed, violations, steps }) => ({ seed, violations, steps })),
    deviceHours: Math.round(deviceHours),
    deviceHoursPerMinute: Math.round(deviceHours / (elapsedMs / 60_000)),
    deviceHoursPerCpuMinute: Math.round(deviceHours / cpuMinutes()),
    goalDeviceHoursPerMinute: GOAL_DEVICE_HOURS_PER_MINUTE,
    elapsedSeconds: Math.round(elapsedMs / 1_000),
    events: totals.events,
    messages: totals.messages,
    links: totals.links,
    slowestHealSeconds: Math.round(totals.slowestHealMs / 1_000),
    primitives: "node (OpenSSL)",
  };
}

async function main(): Promise<void> {
  installSyncSubtle();
  const totals: Totals = { seeds: 0, deviceMs: 0, events: 0, messages: 0, links: 0, slowestHealMs: 0, failures: [] };
  const first = Number(values.from);
  const count = values.soak ? Number.POSITIVE_INFINITY : Number(values.seeds);
  let stopped = false;
  process.once("SIGINT", () => (stopped = true));
  const startedMs = performance.now();
  for (let seed = first; seed < first + count && !stopped && totals.failures.length < MAX_SHOWN_FAILURES; seed++) {
    await runSeed(seed, totals);
    if (totals.seeds % 50 === 0) say(`${totals.seeds} seeds, ${totals.failures.length} failures`);
  }
  const result = summary(totals, performance.now() - startedMs);
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else
    say(
      Object.entries(result)
        .filter(([name]) => name !== "failures")
        .map(([name, value]) => `${name.padEnd(26)} ${String(value)}`)
        .join("\n") + `\nfailures                   ${totals.failures.length}`,
    );
  const slow = (result["deviceHoursPerCpuMinute"] as number) < GOAL_DEVICE_HOURS_PER_MINUTE;
  if (totals.failures.length > 0 || (values.check && slow)) process.exitCode = 1;
}

await main();
