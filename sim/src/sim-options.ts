/** What `npm run sim` is told. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { wholeNumber } from "./command-line.ts";

export const SIM_USAGE =
  "usage: npm run sim -- [--seeds 200] [--from 1] [--json] [--check] [--soak] [--calm] [--short] [--today] [--plain] [--trace] [--shrink-runs 40] [--jobs N]";

/** Processes side by side. */
const MAX_JOBS = 256;

export interface SimOptions {
  readonly from: number;
  /** Without end for `--soak`. */
  readonly seeds: number;
  readonly shrinkRuns: number;
  readonly jobs: number;
  readonly json: boolean;
  readonly check: boolean;
  readonly soak: boolean;
  readonly calm: boolean;
  readonly short: boolean;
  /** Every device runs today's program. */
  readonly today: boolean;
  /** Without `LATE_TROUBLE`: as the oldest seeds were when they got their names. */
  readonly plain: boolean;
  readonly trace: boolean;
}

export function readSimOptions(parameters: readonly string[]): SimOptions {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      seeds: { type: "string", default: "200" },
      from: { type: "string", default: "1" },
      "shrink-runs": { type: "string", default: "40" },
      json: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      soak: { type: "boolean", default: false },
      calm: { type: "boolean", default: false },
      short: { type: "boolean", default: false },
      today: { type: "boolean", default: false },
      plain: { type: "boolean", default: false },
      trace: { type: "boolean", default: false },
      jobs: { type: "string", default: String(Math.min(MAX_JOBS, availableParallelism())) },
    },
  });
  const { "shrink-runs": shrinkRuns, ...others } = values;
  const seeds = wholeNumber("--seeds", values.seeds);
  return {
    ...others,
    from: wholeNumber("--from", values.from),
    seeds: values.soak ? Number.POSITIVE_INFINITY : seeds,
    shrinkRuns: wholeNumber("--shrink-runs", shrinkRuns, { min: 0 }),
    jobs: wholeNumber("--jobs", values.jobs, { max: MAX_JOBS }),
  };
}
