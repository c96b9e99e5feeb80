/** Runs one scenario on one engine and gives everything it showed. */
import { SimStage } from "./engines/sim/sim-stage.ts";
import { RealStage } from "./engines/real/real-stage.ts";
import type { Stage } from "./stage.ts";
import { type EngineName, type Figure, judge, type Scenario, type Verdict } from "./scenario.ts";
import { describeFault } from "@hawser/sim/nodes/world";
import type { Line } from "./story.ts";

/** What hours become. */
const LONGEST_PASS_MS = 3_000;

export interface DrillResult {
  readonly scenario: Scenario;
  readonly engine: EngineName;
  readonly seed: number;
  readonly size: number;
  readonly lines: readonly Line[];
  readonly figures: Readonly<Record<string, Figure>>;
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
  /** With real processes: what a time becomes in which nothing is looked at. */
  readonly longestPassMs?: number;
}

export async function runInSimulator(
  scenario: Scenario,
  { seed = 1, size = scenario.size?.test ?? 1, follow }: DrillOptions = {},
): Promise<DrillResult> {
  const startedMs = performance.now();
  const stage = new SimStage({ seed, size, behindProxies: scenario.behindProxies === true, ...(follow === undefined ? {} : { follow }) });
  try {
    await play(scenario, stage);
    const violations = stage.world.violations.list.map(({ rule, text }) => `${rule}: ${text}`);
    return result(scenario, stage, { seed, violations, startedMs });
  } finally {
    stage.close();
  }
}

export async function runForReal(
  scenario: Scenario,
  { size = scenario.size?.real ?? scenario.size?.test ?? 1, longestPassMs = LONGEST_PASS_MS }: DrillOptions = {},
): Promise<DrillResult> {
  const startedMs = performance.now();
  const stage = await RealStage.open({
    size,
    behindProxies: scenario.behindProxies === true,
    suspendsPhones: scenario.suspendsPhones === true,
    longestPassMs,
  });
  try {
    await play(scenario, stage);
    return result(scenario, stage, { seed: 0, violations: [], startedMs });
  } finally {
    await stage.close();
  }
}

/** What was measured until something stopped it is shown; the figures that are missing are missed goals. */
const play = (scenario: Scenario, stage: Stage): Promise<void> =>
  scenario.play(stage).catch((error: unknown) => stage.story.check("drill", false, `stopped: ${describeFault(error)}`));

function result(
  scenario: Scenario,
  stage: SimStage | RealStage,
  { seed, violations, startedMs }: { seed: number; violations: readonly string[]; startedMs: number },
): DrillResult {
  return {
    scenario,
    engine: stage.engine,
    seed,
    size: stage.size,
    lines: stage.story.lines,
    figures: Object.fromEntries(stage.figures),
    verdicts: judge(scenario.goals, stage.figures, stage.engine),
    violations,
    drillMs: stage.nowMs(),
    elapsedMs: performance.now() - startedMs,
  };
}
