/** The measured tables of docs/DRILLS.md and README.md, between their marks. */
import type { DrillResult } from "../run-drill.ts";
import type { EngineName, Scenario, Verdict } from "../scenario.ts";
import { goalOf, measured } from "./text.ts";

/** What a table needs of a result. */
export type Tabled = Pick<DrillResult, "scenario" | "engine" | "size" | "verdicts">;

export function readJson(text: string, scenarios: readonly Scenario[]): Tabled {
  const { drill, engine, size, goals } = JSON.parse(text) as { drill: string; engine: EngineName; size: number; goals: readonly Verdict[] };
  const scenario = scenarios.find(({ name }) => name === drill);
  if (scenario === undefined) throw new Error(`no drill is called ${drill}`);
  return { scenario, engine, size, verdicts: goals };
}

export function writeTable({ scenario, engine, size, verdicts }: Tabled): string {
  const kind = scenario.size === undefined ? "" : `, ${size.toLocaleString("en")} ${scenario.size.what}`;
  const rows = verdicts.map(
    (verdict) => `| ${verdict.what} | ${verdict.peer} | ${verdict.held ? "" : "**missed** "}${measured(verdict)} | ${goalOf(verdict)} |`,
  );
  return [
    `**\`${scenario.name}\`**: ${scenario.title} (${engine === "simulator" ? "simulator" : "real processes"}${kind})`,
    "",
    "| what | a peer on that day | Hawser, measured | goal |",
    "|---|---|---|---|",
    ...rows,
  ].join("\n");
}

/** Everything between `<!-- MARK -->` and `<!-- /MARK -->` is the command's. */
export function replaceMeasured(document: string, mark: string, text: string): string {
  return document.replace(
    new RegExp(`(<!-- ${mark} -->\\n)[^]*?(<!-- /${mark} -->)`),
    (_, before: string, after: string) => `${before}\n${text}\n\n${after}`,
  );
}
