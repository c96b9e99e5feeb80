/** docs/STATE-MACHINES.md: every machine as a diagram and a table of its states, from the tables that run it. */
import { type StateRule, toMermaid, type Transition } from "@hawser/base";
import {
  COMPANION_STATES,
  describeCompanion,
  describeGiver,
  describePhone,
  describeTaker,
  GIVER_STATES,
  PHONE_STATES,
  TAKER_STATES,
} from "@hawser/linking";
import { DEADLINES, describeSession, SESSION_STATES } from "@hawser/session";
import { ARCHIVE_WRITER_STATES, describeArchiveWriter, describeSink, describeSource, SINK_STAGES, SOURCE_STAGES } from "@hawser/sync";

interface Machine {
  readonly title: string;
  readonly about: string;
  readonly transitions: readonly Transition[];
  readonly states: Readonly<Record<string, StateRule<string> & { readonly afterMs?: number }>>;
}

const withDeadlines = (): Machine["states"] =>
  Object.fromEntries(
    Object.entries(SESSION_STATES).map(([kind, rule]) => {
      const afterMs = DEADLINES[kind as keyof typeof DEADLINES]?.afterMs;
      return [kind, afterMs === undefined ? rule : { ...rule, afterMs }];
    }),
  );

const MACHINES: readonly Machine[] = [
  {
    title: "Session",
    about: "One device's connection (`packages/session`). `revoked` is reached only through a list that the device verified itself.",
    transitions: describeSession(),
    states: withDeadlines(),
  },
  {
    title: "Link, companion",
    about: "The device that shows a code (`packages/linking`).",
    transitions: describeCompanion(),
    states: COMPANION_STATES,
  },
  {
    title: "Link, phone",
    about: "The device that reads it and signs (`packages/linking`). One machine an attempt.",
    transitions: describePhone(),
    states: PHONE_STATES,
  },
  {
    title: "Courier, companion",
    about: "Brings a code's parts to a phone: by letters, or by a code that the phone shows (`packages/linking`). One for each code.",
    transitions: describeGiver(),
    states: GIVER_STATES,
  },
  {
    title: "Courier, phone",
    about: "Letters that were typed, or a code that is shown; ends with a code to open or a reason (`packages/linking`).",
    transitions: describeTaker(),
    states: TAKER_STATES,
  },
  {
    title: "History, source",
    about: "The device that has history (`packages/sync`). The stages are projections of sets of chunks; a test holds them to the machine.",
    transitions: describeSource(),
    states: SOURCE_STAGES,
  },
  { title: "History, sink", about: "The device that wants history (`packages/sync`).", transitions: describeSink(), states: SINK_STAGES },
  {
    title: "Archive, writer",
    about: "Keeps the account's encrypted archive up to date (`packages/sync`).",
    transitions: describeArchiveWriter(),
    states: ARCHIVE_WRITER_STATES,
  },
];

const HEAD = `# State machines

Generated from the machines' own tables by \`npm run generate\`; do not edit. An arrow's words are the inputs that lead along it; inputs
that change nothing are left out. Every state has a deadline, or rests: it waits for a person or another device ("rests"), or is final.
`;

const seconds = (ms: number): string => `${Number((ms / 1_000).toFixed(3))} s`;

function ends(rule: Machine["states"][string]): string {
  if (rule.resting !== undefined) return rule.resting === "final" ? "final" : "rests";
  if (rule.deadline === undefined) return "none";
  return `${rule.deadline.why}${rule.afterMs === undefined ? "" : `: ${seconds(rule.afterMs)}`}`;
}

function section({ title, about, transitions, states }: Machine): string {
  const rows = Object.entries(states).map(([name, rule]) => `| \`${name}\` | ${ends(rule)} |`);
  return [`## ${title}`, "", about, "", "```mermaid", toMermaid(transitions).trimEnd(), "```", "", "| state | deadline |", "|---|---|", ...rows, ""].join("\n"); // prettier-ignore
}

export const stateMachines = (): string => [HEAD, ...MACHINES.map(section)].join("\n");
