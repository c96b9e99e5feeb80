/** The measured tables of docs/DRILLS.md and README.md, between their marks. */
import type { DrillResult } from "../run-drill.ts";
import { goalOf, measured } from "./text.ts";

export function writeTable({ scenario, engine, size, verdicts }: DrillResult): string {
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

/** Everything between `<!-- measured -->` and `<!-- /measured -->` is the command's. */
export function replaceMeasured(document: string, text: string): string {
  return document.replace(
    /(<!-- measured -->\n)[^]*?(<!-- \/measured -->)/,
    (_, before: string, after: string) => `${before}\n${text}\n\n${after}`,
  );
}
