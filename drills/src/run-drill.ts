/** Runs one scenario on one engine and gives everything it showed. */
import { SimStage } from "./engines/sim/sim-stage.ts";
import { type EngineName, judge, type Scenario, type Verdict } from "./scenario.ts";
import { describeFault } from "@hawser/sim/nodes/world";
import type { Line } from "./story.ts";

export interface DrillResult {
  readonly scenario: Scenario;
  readonly engine: EngineName;
  readonly seed: number;
  readonly size: number;
  readonly lines: readonly Line[];
  readonly figures: Readonly<Record<string, number>>;
  readonly verdicts: readonly Verdict[];
  /** The simulator's own rules that were broken: plaintext, a nonce twice, an uncaught error. */
  readonly violations: readonly string[];
  readonly drillMs: number;
  readonly elapsedMs: number;
}

export interface DrillOptions {
  readonly seed?: number;
  readonly size?: number;
  readonly follow?: (line: string) => void;
}

export async function runInSimulator(
  scenario: Scenario,
  { seed = 1, size = scenario.size?.test ?? 1, follow }: DrillOptions = {},
): Promise<DrillResult> {
  const startedMs = performance.now();
  const stage = new SimStage({ seed, size, ...(follow === undefined ? {} : { follow }) });
  try {
    // What was measured until then is shown; the figures that are missing are missed goals.
    await scenario.play(stage).catch((error: unknown) => stage.story.check("drill", false, `stopped: ${describeFault(error)}`));
    return {
      scenario,
      engine: "simulator",
      seed,
      size,
      lines: stage.story.lines,
      figures: Object.fromEntries(stage.figures),
      verdicts: judge(scenario.goals, stage.figures),
      violations: stage.world.violations.list.map(({ rule, text }) => `${rule}: ${text}`),
      drillMs: stage.nowMs(),
      elapsedMs: performance.now() - startedMs,
    };
  } finally {
    stage.close();
  }
}
