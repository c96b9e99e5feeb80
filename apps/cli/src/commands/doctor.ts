/** `hawser doctor`: is it me, the network or the server? Works without an account, without a network, and on a broken profile. */
import { PROGRAM_VERSION } from "@hawser/base/version";
import {
  type Change,
  collectEvidence,
  factOf,
  type Findings,
  judge,
  type MissingReason,
  type Probe,
  type ProbeName,
  PROBES,
  type Verdict,
  type Whose,
  writeReport,
} from "@hawser/diagnosis";
import { systemClock, wayProbes } from "@hawser/io-node";
import type { Context, DefineCommand } from "../context.ts";
import { askOtherProfiles } from "../doctor/other-profiles.ts";
import { lookAtProfile } from "../doctor/profile-probe.ts";
import { CAUSE, FACT, STEP, WHOSE } from "../doctor/words.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { locateProfile } from "../profile/profile-folder.ts";
import type { Output } from "../terminal/output.ts";
import { formatTime } from "../terminal/times.ts";

const EXITS: Readonly<Record<Whose, ExitCode>> = {
  nobody: EXIT.ok,
  me: EXIT.troubleHere,
  network: EXIT.troubleOnTheWay,
  server: EXIT.troubleAtServer,
  "cannot-tell": EXIT.troubleUnclear,
};

export const doctor: DefineCommand = (program, run) => {
  program
    .command("doctor")
    .description("is it me, the network or the server? A verdict with reasons, and what to do, safest first")
    .option("--report", "print only the report, to be shown to whoever can help: no names, accounts or addresses in it")
    .action(
      run<{ report?: boolean }>(async (context) => {
        const { output, options } = context;
        const progress = showProgress(output, options.report === true);
        let changes: readonly Change[] = [];
        const evidence = await collectEvidence({
          probes: probesOf(context, (found) => (changes = found)),
          clock: systemClock,
          changes: () => changes,
          found: progress,
        });
        progress(evidence.findings, evidence.missing);
        const verdict = judge(evidence);
        const time = new Date(evidence.startedAtMs).toISOString();
        const report = writeReport(evidence, verdict, { platform: "terminal", appVersion: PROGRAM_VERSION, time });
        output.event({
          event: "diagnosis",
          whose: verdict.whose,
          cause: verdict.cause,
          confidence: verdict.confidence,
          speaksFor: verdict.speaksFor,
          speaksAgainst: verdict.speaksAgainst,
          also: verdict.also,
          steps: verdict.steps.map(({ name }) => name),
          since: verdict.since?.kind ?? null,
          sinceAtMs: verdict.since?.atMs ?? null,
          tookMs: evidence.tookMs,
          report,
        });
        if (options.report === true) output.line(report.trimEnd());
        else sayVerdict(output, verdict);
        return EXITS[verdict.whose];
      }),
    );
};

function probesOf(context: Context, changes: (changes: readonly Change[]) => void): Probe[] {
  const place = locateProfile(context);
  return [
    ...wayProbes({ serverUrl: place.server, certificateAuthority: place.certificateAuthority }),
    {
      names: ["storage", "device", "session", "links"],
      async run() {
        const facts = await lookAtProfile(place, context.signal);
        changes(facts.changes);
        return facts.findings;
      },
    },
    {
      names: ["others"],
      async run() {
        const others = await askOtherProfiles(place);
        return others === undefined ? {} : { others };
      },
    },
  ];
}

type Missing = Partial<Record<ProbeName, MissingReason>>;

/** Each finding once, in the order they come. What cannot be seen from a terminal is not mentioned to people. */
function showProgress(output: Output, isQuiet: boolean): (findings: Partial<Findings>, missing: Missing) => void {
  const shown = new Set<ProbeName>();
  return (findings, missing) => {
    if (isQuiet) return;
    for (const name of PROBES) {
      if (shown.has(name)) continue;
      const fact = factOf(name, findings);
      const reason = missing[name];
      if (fact === undefined && reason === undefined) continue;
      shown.add(name);
      const finding = findings[name]?.kind ?? null;
      const text = fact === undefined ? (reason === "deadline" ? `${name}: no answer in time` : undefined) : FACT[fact];
      output.event({ event: "probe", name, finding, missing: reason ?? null }, text === undefined ? undefined : `  ${text}`);
    }
  };
}

function sayVerdict(output: Output, verdict: Verdict): void {
  const { whose, cause, confidence, since, steps, also } = verdict;
  const paint = whose === "nobody" ? output.paint.green : output.paint.bold;
  output.line(`\n${paint(WHOSE[whose])} ${CAUSE[cause]} (${Math.round(confidence * 100)} % sure)`);
  if (since !== undefined) output.line(`Before it, at ${formatTime(since.atMs)}: ${since.kind}.`);
  for (const other of also) output.line(`Also: ${CAUSE[other]}`);
  if (steps.length > 0) output.line("\nWhat can help, safest first:");
  for (const [index, step] of steps.entries()) output.line(`  ${index + 1}. ${STEP[step.name]}`);
  if (whose !== "nobody") output.line("\nTo show somebody: hawser doctor --report");
}
