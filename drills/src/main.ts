/**
 * `npm run drill -- list | NAME [--json] [--check] [--seed 1] [--size N] [--real] [--picture FILE.html]`: bad days, played and measured.
 * `npm run drill -- table [FILE.json …]`: plays all of them in the simulator, small, and writes what was measured into docs/DRILLS.md and
 * README.md; the files are what `--json` wrote of other runs.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { readJson, replaceMeasured, type Tabled, writeTable } from "./report/markdown.ts";
import { writePicture } from "./report/picture.ts";
import { writeJson, writeList, writeResult } from "./report/text.ts";
import { type DrillResult, runForReal, runInSimulator } from "./run-drill.ts";
import { SCENARIOS } from "./scenarios/index.ts";

const { values, positionals } = parseArgs({
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

const say = (text: string): void => void (values.json ? process.stderr : process.stdout).write(`${text}\n`);

async function main(): Promise<number> {
  const [name = "list"] = positionals;
  if (name === "list") return (writeList(SCENARIOS, say), 0);
  if (name === "table") return writeTables(positionals.slice(1));
  const scenario = SCENARIOS.find((candidate) => candidate.name === name);
  if (scenario === undefined) {
    say(`no drill is called ${name}; npm run drill -- list`);
    return 2;
  }
  const follow = values.trace ? { follow: say } : {};
  const isReal = values.real || !scenario.engines.includes("simulator");
  const size =
    values.size !== undefined ? Number(values.size) : isReal ? (scenario.size?.real ?? scenario.size?.full) : scenario.size?.full;
  const options = { seed: Number(values.seed), ...(size === undefined ? {} : { size }), ...follow };
  if (isReal && !scenario.engines.includes("real")) {
    say(`${name} plays in the simulator only`);
    return 2;
  }
  const result: DrillResult = await (isReal ? runForReal(scenario, options) : runInSimulator(scenario, options));
  writeResult(result, say);
  if (values.picture !== undefined) writeFileSync(values.picture, writePicture(result));
  if (values.json) process.stdout.write(`${writeJson(result)}\n`);
  const missed = result.verdicts.filter(({ held }) => !held);
  for (const { what, value } of missed) process.stderr.write(`missed: ${what} (${value ?? "not measured"})\n`);
  for (const violation of result.violations) process.stderr.write(`broken: ${violation}\n`);
  return values.check && (missed.length > 0 || result.violations.length > 0) ? 1 : 0;
}

/** `played`: files that `--json` wrote, of larger or real runs; they get a table of their own. */
async function writeTables(played: readonly string[]): Promise<number> {
  const large = played.map((path) => readJson(readFileSync(path, "utf8"), SCENARIOS));
  const small: Tabled[] = [];
  for (const scenario of SCENARIOS.filter(({ engines }) => engines.includes("simulator"))) {
    say(scenario.name);
    small.push(await runInSimulator(scenario, { seed: Number(values.seed) }));
  }
  const measuredOn = `Measured on ${new Date().toISOString().slice(0, 10)}, seed ${values.seed}, by \`npm run drill -- table\`.`;
  const write = (path: string, mark: string, head: string, shown: readonly Tabled[]): void =>
    writeFileSync(path, replaceMeasured(readFileSync(path, "utf8"), mark, [head, ...shown.map(writeTable)].join("\n\n")));
  write("docs/DRILLS.md", "measured", measuredOn, small);
  if (large.length > 0)
    write("docs/DRILLS.md", "measured large", `Measured until ${new Date().toISOString().slice(0, 10)}, each by its own command.`, large);
  const longest = [...small, ...large]
    .filter(({ scenario, engine }) => scenario === SCENARIOS[0] && engine === "simulator")
    .sort((a, b) => b.size - a.size);
  write("README.md", "measured", measuredOn, longest.slice(0, 1));
  return [...small, ...large].every(({ verdicts }) => verdicts.every(({ held }) => held)) ? 0 : 1;
}

process.exitCode = await main();
