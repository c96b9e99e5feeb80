/** What a run of seeds adds up to: the one shape that a portion prints for the whole, and the whole for other programs. Nothing is rounded. */
import type { Plan } from "./plan.ts";
import type { RunResult } from "./run-plan.ts";

export interface Totals {
  readonly seeds: number;
  readonly failures: readonly { readonly seed: number; readonly violations: RunResult["violations"]; readonly steps: Plan["steps"] }[];
  /** Simulated time of all devices. */
  readonly deviceHours: number;
  readonly events: number;
  readonly messages: number;
  readonly links: number;
  readonly slowestHealSeconds: number;
  /** Of the processes that ran the seeds: what other programs take does not count. */
  readonly cpuMinutes: number;
}

export const NOTHING: Totals = {
  seeds: 0,
  failures: [],
  deviceHours: 0,
  events: 0,
  messages: 0,
  links: 0,
  slowestHealSeconds: 0,
  cpuMinutes: 0,
};

export const added = (sum: Totals, more: Totals): Totals => ({
  seeds: sum.seeds + more.seeds,
  failures: [...sum.failures, ...more.failures],
  deviceHours: sum.deviceHours + more.deviceHours,
  events: sum.events + more.events,
  messages: sum.messages + more.messages,
  links: sum.links + more.links,
  slowestHealSeconds: Math.max(sum.slowestHealSeconds, more.slowestHealSeconds),
  cpuMinutes: sum.cpuMinutes + more.cpuMinutes,
});
