/** What `npm run drill` is told. */
import { parseArgs } from "node:util";
import { UsageError, wholeNumber } from "@hawser/sim/command-line";
import type { Scenario } from "./scenario.ts";

export const DRILL_USAGE = `usage: npm run drill -- list | NAME [--json] [--check] [--seed 1] [--size N] [--real] [--trace] [--picture FILE.html]
       npm run drill -- table [--seed 1] [FILE.json …]`;

interface PlayCommand {
  readonly command: "play";
  readonly scenario: Scenario;
  readonly seed: number;
  readonly size: number | undefined;
  readonly real: boolean;
  readonly json: boolean;
  readonly check: boolean;
  readonly trace: boolean;
  readonly picture: string | undefined;
}

/** `files`: what `--json` wrote of other runs. */
export type DrillCommand =
  | { readonly command: "list" }
  | { readonly command: "table"; readonly seed: number; readonly files: readonly string[] }
  | PlayCommand;

export function readDrillCommand(parameters: readonly string[], scenarios: readonly Scenario[]): DrillCommand {
  const { values, positionals } = parseArgs({
    args: [...parameters],
    allowPositionals: true,
    options: {
      seed: { type: "string", default: "1" },
      size: { type: "string" },
      json: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      real: { type: "boolean", default: false },
      picture: { type: "string" },
      trace: { type: "boolean", default: false },
    },
  });
  const [name = "list", ...rest] = positionals;
  const seed = wholeNumber("--seed", values.seed);
  const size = values.size === undefined ? undefined : wholeNumber("--size", values.size);
  if (name === "table") return { command: "table", seed, files: rest };
  if (rest.length > 0) throw new UsageError(`One drill at a time: "${rest[0]}" is one too many.`);
  if (name === "list") return { command: "list" };
  const scenario = scenarios.find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new UsageError(`No drill is called "${name}"; npm run drill -- list`);
  const real = values.real || !scenario.engines.includes("simulator");
  if (real && !scenario.engines.includes("real")) throw new UsageError(`${name} plays in the simulator only.`);
  if (size !== undefined && scenario.size === undefined) throw new UsageError(`${name} has no size.`);
  const { json, check, trace, picture } = values;
  return { command: "play", scenario, seed, size: size ?? sizeOf(scenario, real), real, json, check, trace, picture };
}

const sizeOf = ({ size }: Scenario, real: boolean): number | undefined => (real ? (size?.real ?? size?.full) : size?.full);
