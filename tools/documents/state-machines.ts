/** docs/STATE-MACHINES.md: every machine as a diagram and a table of its states, from the tables that run it. */
import { toMermaid } from "@hawser/base";
import { type Machine, MACHINES } from "./machines.ts";

const HEAD = `# State machines

Generated from the machines' own tables by \`npm run generate\`; do not edit. An arrow's words are the inputs that lead along it; inputs
that change nothing are left out. Every state has a deadline; or lasts as long as work whose requests have deadlines, and says when that
ends at the latest; or rests: it waits for a person or another device ("rests"), or is final. A test looks for dead ends in all of them.
`;

const seconds = (ms: number): string => `${Number((ms / 1_000).toFixed(3))} s`;

function ends({ resting, deadline, work, afterMs }: Machine["states"][string]): string {
  if (resting !== undefined) return resting === "final" ? "final" : "rests";
  const timer = deadline === undefined ? [] : [`${deadline.why}${afterMs === undefined ? "" : `: ${seconds(afterMs)}`}`];
  const bound = work === undefined ? [] : [`${work.why}: work, ends within ${seconds(work.withinMs)}`];
  return [...timer, ...bound].join("; ");
}

function section({ title, about, transitions, states }: Machine): string {
  const rows = Object.entries(states).map(([name, rule]) => `| \`${name}\` | ${ends(rule)} |`);
  return [`## ${title}`, "", about, "", "```mermaid", toMermaid(transitions).trimEnd(), "```", "", "| state | deadline |", "|---|---|", ...rows, ""].join("\n"); // prettier-ignore
}

export const stateMachines = (): string => [HEAD, ...MACHINES.map(section)].join("\n");
