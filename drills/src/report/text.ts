/** A drill as text: the day before it, the timeline, the table with bars; and as JSON. */
import type { DrillResult } from "../run-drill.ts";
import type { Scenario, Verdict } from "../scenario.ts";
import type { Line, LineKind } from "../story.ts";

const MARKS: Readonly<Record<LineKind, string>> = { fault: "⚡", act: "·", screen: "▢", good: "✓", bad: "✗" };
const WHO_WIDTH = 20;
const TEXT_WIDTH = 96;
const BAR_WIDTH = 20;
const DAY_MS = 86_400_000;

export function writeList(scenarios: readonly Scenario[], say: (text: string) => void): void {
  for (const { name, title, engines } of scenarios) say(`${name.padEnd(20)} ${title} (${engines.join(", ")})`);
}

export function writeResult(
  { scenario, engine, seed, size, lines, verdicts, drillMs, elapsedMs }: DrillResult,
  say: (text: string) => void,
): void {
  say(`\n${scenario.name}: ${scenario.title}`);
  say(
    `${engine === "simulator" ? `simulator, seed ${seed}` : "real processes"}${scenario.size === undefined ? "" : `, ${size} ${scenario.size.what}`}\n`,
  );
  for (const fact of scenario.peers) say(wrap(`A peer: ${fact}`, "  "));
  say(`  Here: ${scenario.cast.join("; ")}\n`);
  for (const line of lines) say(writeLine(line, scenario.clockStartsAt));
  say("");
  writeTable(verdicts, say);
  say(`\n${clock(drillMs, undefined)} of the drill's time in ${(elapsedMs / 1_000).toFixed(1)} s`);
}

const writeLine = (line: Line, startsAt: string | undefined): string =>
  wrap(`${clock(line.atMs, startsAt)}  ${MARKS[line.kind]} ${line.who.padEnd(WHO_WIDTH)} ${line.text}`, " ".repeat(12 + WHO_WIDTH + 3));

/** Of the day when the drill has one, since its beginning otherwise. */
export function clock(atMs: number, startsAt: string | undefined): string {
  const [hours = 0, minutes = 0] = startsAt?.split(":").map(Number) ?? [];
  const ms = atMs + (hours * 60 + minutes) * 60_000;
  const seconds = Math.floor(ms / 1_000);
  const parts = [Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60, seconds % 60].map((part) =>
    String(part).padStart(2, "0"),
  );
  const days = Math.floor(ms / DAY_MS);
  return `${parts.join(":")}${days > 0 ? `+${days}` : "  "}`;
}

function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line.length + word.length + 1 > TEXT_WIDTH + indent.length && line.trim() !== "") {
      lines.push(line);
      line = `${indent}${word}`;
    } else line = line === "" && lines.length === 0 ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}

function writeTable(verdicts: readonly Verdict[], say: (text: string) => void): void {
  const rows = [
    ["", "what", "a peer on that day", "Hawser, measured", "goal", ""],
    ...verdicts.map((verdict) => [verdict.held ? "✓" : "✗", verdict.what, verdict.peer, measured(verdict), goalOf(verdict), bar(verdict)]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows)
    say(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    );
}

export function measured({ value, unit }: Verdict): string {
  if (value === undefined) return "not measured";
  if (typeof value !== "number") return `nobody had to be told: ${round(value.longestSeconds)} s at most`;
  return Number.isFinite(value) ? `${round(value)}${unit === "" ? "" : ` ${unit}`}` : "never";
}
export const goalOf = ({ atMost, atLeast, unit }: Verdict): string =>
  `${atMost !== undefined ? (atMost === 0 ? "0" : `≤ ${atMost}`) : `≥ ${atLeast}`}${unit === "" ? "" : ` ${unit}`}`;
const round = (value: number): string => (Number.isInteger(value) ? value.toLocaleString("en") : value.toFixed(2));

/** How much of the bound was used. */
function bar({ value, atMost, unit }: Verdict): string {
  if (typeof value !== "number" || atMost === undefined || atMost === 0 || unit === "") return "";
  const used = Math.min(BAR_WIDTH, Math.round((value / atMost) * BAR_WIDTH));
  return `${"█".repeat(used)}${"░".repeat(BAR_WIDTH - used)}`;
}

export function writeJson(result: DrillResult): string {
  const { scenario, engine, seed, size, figures, verdicts, violations, lines, drillMs, elapsedMs } = result;
  const { name, title, peers, cast } = scenario;
  return JSON.stringify({
    drill: name,
    title,
    engine,
    seed,
    size,
    figures,
    goals: verdicts,
    violations,
    peers,
    cast,
    timeline: lines,
    drillMs,
    elapsedMs: Math.round(elapsedMs),
  });
}
