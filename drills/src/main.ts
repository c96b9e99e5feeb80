/**
 * `npm run drill -- list | NAME [--json] [--check] [--seed 1] [--size N] [--real|--sim]`: bad days, played and measured.
 * `npm run drill -- table`: plays all of them in the simulator, small, and writes what was measured into docs/DRILLS.md and README.md.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { replaceMeasured, writeTable } from "./report/markdown.ts";
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
    sim: { type: "boolean", default: false },
    trace: { type: "boolean", default: false },
  },
});

const say = (text: string): void => void (values.json ? process.stderr : process.stdout).write(`${text}\n`);

async function main(): Promise<number> {
  const [name = "list"] = positionals;
  if (name === "list") return (writeList(SCENARIOS, say), 0);
  if (name === "table") return writeTables();
  const scenario = SCENARIOS.find((candidate) => candidate.name === name);
  if (scenario === undefined) {
    say(`no drill is called ${name}; npm run drill -- list`);
    return 2;
  }
  const size = values.size === undefined ? scenario.size?.full : Number(values.size);
  const follow = values.trace ? { follow: say } : {};
  const options = { seed: Number(values.seed), ...(size === undefined ? {} : { size }), ...follow };
  const isReal = values.real || !scenario.engines.includes("simulator");
  if (isReal && !scenario.engines.includes("real")) {
    say(`${name} plays in the simulator only`);
    return 2;
  }
  const result: DrillResult = await (isReal ? runForReal(scenario, options) : runInSimulator(scenario, options));
  writeResult(result, say);
  if (values.json) process.stdout.write(`${writeJson(result)}\n`);
  const missed = result.verdicts.filter(({ held }) => !held);
  for (const { what, value } of missed) process.stderr.write(`missed: ${what} (${value ?? "not measured"})\n`);
  for (const violation of result.violations) process.stderr.write(`broken: ${violation}\n`);
  return values.check && (missed.length > 0 || result.violations.length > 0) ? 1 : 0;
}

async function writeTables(): Promise<number> {
  const results: DrillResult[] = [];
  for (const scenario of SCENARIOS.filter(({ engines }) => engines.includes("simulator"))) {
    say(scenario.name);
    results.push(await runInSimulator(scenario, { seed: Number(values.seed) }));
  }
  const measuredOn = `Measured on ${new Date().toISOString().slice(0, 10)}, seed ${values.seed}, by \`npm run drill -- table\`.`;
  const write = (path: string, shown: readonly DrillResult[]): void =>
    writeFileSync(path, replaceMeasured(readFileSync(path, "utf8"), [measuredOn, ...shown.map(writeTable)].join("\n\n")));
  write("docs/DRILLS.md", results);
  write("README.md", results.slice(0, 1));
  return results.every(({ verdicts }) => verdicts.every(({ held }) => held)) ? 0 : 1;
}

process.exitCode = await main();
