/**
 * `npm run drill` (`DRILL_USAGE`): bad days, played and measured. `table` plays all of them in the simulator, small, and writes what was
 * measured into docs/DRILLS.md and README.md.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { readCommandLine, UsageError } from "@hawser/sim/command-line";
import { type DrillCommand, DRILL_USAGE, readDrillCommand } from "./drill-options.ts";
import { readJson, replaceMeasured, type Tabled, writeTable } from "./report/markdown.ts";
import { writePicture } from "./report/picture.ts";
import { measured, writeJson, writeList, writeResult } from "./report/text.ts";
import { type DrillResult, runForReal, runInSimulator } from "./run-drill.ts";
import { SCENARIOS } from "./scenarios/index.ts";

const toPeople = (text: string): void => void process.stdout.write(`${text}\n`);
const besidesJson = (text: string): void => void process.stderr.write(`${text}\n`);

async function main(): Promise<number> {
  const command = readCommandLine(DRILL_USAGE, (parameters) => withFiles(readDrillCommand(parameters, SCENARIOS)));
  switch (command.command) {
    case "list":
      writeList(SCENARIOS, toPeople);
      return 0;
    case "table":
      return writeTables(command.seed, command.played);
    case "play":
      return play(command);
  }
}

/** Read before anything is played, so that a wrong name costs no time. */
function withFiles(command: DrillCommand) {
  if (command.command !== "table") return command;
  const played = command.files.map((path) => {
    try {
      return readJson(readFileSync(path, "utf8"), SCENARIOS);
    } catch {
      throw new UsageError(`"${path}" is no file that --json has written.`);
    }
  });
  return { ...command, played };
}

async function play(command: Extract<DrillCommand, { command: "play" }>): Promise<number> {
  const { scenario, seed, size } = command;
  const say = command.json ? besidesJson : toPeople;
  const options = { seed, ...(size === undefined ? {} : { size }), ...(command.trace ? { follow: say } : {}) };
  const result: DrillResult = await (command.real ? runForReal(scenario, options) : runInSimulator(scenario, options));
  writeResult(result, say);
  if (command.json) process.stdout.write(`${writeJson(result)}\n`);
  if (command.picture !== undefined) writeFileSync(command.picture, writePicture(result));
  const missed = result.verdicts.filter(({ held }) => !held);
  for (const verdict of missed) process.stderr.write(`missed: ${verdict.what} (${measured(verdict)})\n`);
  for (const violation of result.violations) process.stderr.write(`broken: ${violation}\n`);
  return command.check && (missed.length > 0 || result.violations.length > 0) ? 1 : 0;
}

/** `large`: larger or real runs; they get a table of their own. */
async function writeTables(seed: number, large: readonly Tabled[]): Promise<number> {
  const small: Tabled[] = [];
  for (const scenario of SCENARIOS.filter(({ engines }) => engines.includes("simulator"))) {
    toPeople(scenario.name);
    small.push(await runInSimulator(scenario, { seed }));
  }
  const measuredOn = `Measured on ${new Date().toISOString().slice(0, 10)}, seed ${seed}, by \`npm run drill -- table\`.`;
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
