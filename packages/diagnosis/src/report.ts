/**
 * A report to be copied and shown to whoever can help. Invariant: it is made of words of the fixed lists, of numbers, and of versions that
 * look like versions; no handle, account, address, name of a server or message can be in it.
 */
import { type Change, type Evidence, factOf, PROBES } from "./findings.ts";
import type { Verdict } from "./judge.ts";

export interface ReportContext {
  readonly platform: "web" | "terminal" | "sdk";
  readonly appVersion: string;
  /** When it was looked, RFC 3339 in UTC. */
  readonly time: string;
}

const VERSION = /^\d{1,4}(\.\d{1,6}){0,3}$/;
const TIME = /^\d{4,6}-\d\d-\d\dT[\d:.]{5,12}Z$/;
const MAX_CHANGES = 12;

export function writeReport(evidence: Evidence, verdict: Verdict, context: ReportContext): string {
  const { findings, missing, changes, startedAtMs, tookMs } = evidence;
  const version = VERSION.test(context.appVersion) ? context.appVersion : "other";
  const time = TIME.test(context.time) ? context.time : "at some time";
  const facts = PROBES.map((name) => {
    const numbers = Object.entries(findings[name] ?? {}).filter(([key]) => key !== "kind");
    const said = numbers.map(([key, value]) => ` ${key}=${String(value)}`).join("");
    return `  ${name}: ${factOf(name, findings)?.slice(name.length + 1) ?? `not seen (${missing[name] ?? "not-here"})`}${said}`;
  });
  return [
    `Hawser ${version} (${context.platform}), ${time}, ${tookMs} ms`,
    `verdict: ${verdict.whose} ${verdict.cause}, confidence ${verdict.confidence.toFixed(2)}`,
    `for: ${verdict.speaksFor.join(" ") || "-"}; against: ${verdict.speaksAgainst.join(" ") || "-"}; also: ${verdict.also.join(" ") || "-"}`,
    ...facts,
    ...changes.slice(-MAX_CHANGES).map((change) => `  ${sayChange(change, startedAtMs)}`),
    "",
  ].join("\n");
}

const sayChange = ({ atMs, kind, amount }: Change, nowMs: number): string =>
  `${Math.round((nowMs - atMs) / 60_000)} min before: ${kind}${amount === undefined ? "" : ` ${amount} s`}`;
