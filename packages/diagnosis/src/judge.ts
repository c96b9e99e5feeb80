/**
 * Evidence in, verdict out: "is it me, the network or the server?" Invariants: never "me" while the server or the way to it shows a
 * fault or cannot be seen; findings that contradict one another end in "cannot tell"; confidence never grows by what was not seen.
 */
import { type Cause, CAUSES, type Whose } from "./causes.ts";
import type { Change, ChangeKind, Evidence, Findings, ProbeName } from "./findings.ts";
import { contradictions, type Support, weigh } from "./rules.ts";
import { type Step, stepsFor } from "./steps.ts";

export interface Verdict {
  readonly whose: Whose;
  readonly cause: Cause;
  /** 0…1: how often, among all situations that look like this, the cause is the one named. */
  readonly confidence: number;
  readonly speaksFor: readonly ProbeName[];
  readonly speaksAgainst: readonly ProbeName[];
  /** What else is not as it should be; to be looked at after the cause. */
  readonly also: readonly Cause[];
  /** From the safest up; only what can help. */
  readonly steps: readonly Step[];
  /** The newest change on this device that may have brought it about. */
  readonly since: Change | undefined;
}

/** Two sides so close together are not told apart. */
const TOO_CLOSE = 0.06;
const PER_CONTRARY_FACT = 0.15;
const RECENT_MS = 24 * 3_600_000;
/** A change that fits the cause makes it a little more likely. */
const FITTING_CHANGE = 0.04;
const MOST_CONFIDENT = 0.99;

export function judge(evidence: Evidence): Verdict {
  const { findings } = evidence;
  const supports = weigh(findings);
  const all = [...supports.server, ...supports.network, ...supports.unclear, ...supports.own];
  const broken = contradictions(findings);
  // That no answer came is what every cause on the way looks like; beside one it says nothing more.
  const also = (cause: Cause): Cause[] =>
    [...new Set(all.map((support) => support.cause))].filter((other) => other !== cause && other !== "NO_ANSWER");
  const verdict = (support: Support): Verdict => {
    const since = changeBehind(support.cause, evidence);
    const against = support.speaksAgainst.length * PER_CONTRARY_FACT;
    const confidence = Math.max(0.1, Math.min(MOST_CONFIDENT, support.strength - against + (since === undefined ? 0 : FITTING_CHANGE)));
    return {
      whose: CAUSES[support.cause],
      cause: support.cause,
      confidence: Math.round(confidence * 100) / 100,
      speaksFor: support.speaksFor,
      speaksAgainst: support.speaksAgainst,
      also: also(support.cause),
      steps: stepsFor(support.cause),
      since,
    };
  };

  if (broken.length > 0) {
    const [earlier, later] = broken[0]!;
    return verdict({ cause: "CONTRADICTION", strength: 0.6, speaksFor: [earlier, later], speaksAgainst: [] });
  }
  const [first, second] = [supports.server[0], supports.network[0]];
  if (first !== undefined && second !== undefined) {
    if (Math.abs(first.strength - second.strength) < TOO_CLOSE)
      return verdict({ cause: "CONTRADICTION", strength: 0.5, speaksFor: [...first.speaksFor, ...second.speaksFor], speaksAgainst: [] });
    return verdict(first.strength > second.strength ? first : second);
  }
  const elsewhere = first ?? second ?? supports.unclear[0];
  if (elsewhere !== undefined) return verdict(elsewhere);
  const mine = supports.own[0];
  const seesServer = findings.http?.kind === "answered" || findings.session?.kind === "online";
  if (mine !== undefined && seesServer) return verdict(mine);
  // Without a sight of the server only what this device can be sure of by itself is said.
  if (mine !== undefined && CERTAIN_BY_ITSELF.has(mine.cause)) return verdict({ ...mine, strength: mine.strength * UNSEEN_SERVER });
  return verdict(seesServer ? allWell(findings) : TOO_LITTLE);
}

const CERTAIN_BY_ITSELF: ReadonlySet<Cause> = new Set<Cause>([
  "DEVICE_REVOKED",
  "STORAGE_DAMAGED",
  "STORAGE_LOST",
  "STORAGE_FULL",
  "STORAGE_FLEETING",
  "PROFILE_LOCKED",
]);
const UNSEEN_SERVER = 0.75;
const TOO_LITTLE: Support = { cause: "TOO_LITTLE", strength: 0.2, speaksFor: [], speaksAgainst: [] };

/** Every hop that was looked at works; the more of them, the surer. */
function allWell(findings: Partial<Findings>): Support {
  const good: readonly ProbeName[] = ["http", "socket", "roles", "clock", "storage", "device", "session"];
  // No trouble and no promise: it speaks neither for nor against.
  const isPromised = findings.storage?.kind !== "best-effort";
  const seen = good.filter((name) => findings[name] !== undefined && (name !== "storage" || isPromised));
  // An engine that is not connected yet while all around it is well: probably in a moment.
  const speaksAgainst: ProbeName[] = [];
  if (findings.session?.kind === "offline") speaksAgainst.push("session");
  if (findings.links !== undefined) speaksAgainst.push("links");
  if (findings.crowd?.kind === "far-fewer") speaksAgainst.push("crowd");
  const speaksFor = seen.filter((name) => !speaksAgainst.includes(name));
  return { cause: "ALL_WELL", strength: 0.5 + 0.07 * speaksFor.length, speaksFor, speaksAgainst };
}

const BEHIND: Readonly<Partial<Record<Cause, readonly ChangeKind[]>>> = {
  NO_NETWORK: ["network-lost", "network"],
  NO_ROUTE: ["network", "network-lost"],
  NAME_NOT_FOUND: ["network", "network-lost"],
  NO_ANSWER: ["network", "network-lost", "connection-lost"],
  INTERCEPTED: ["network", "platform"],
  LOGIN_PAGE: ["network", "network-back"],
  SOCKET_BLOCKED: ["network", "transport", "platform"],
  ANSWERS_ALTERED: ["network", "platform"],
  SERVER_DOWN: ["connection-lost"],
  SERVER_SILENT: ["connection-lost"],
  MESSAGES_DOWN: ["connection-lost"],
  CLOCK_WRONG: ["clock-jump"],
  CLIENT_TOO_OLD: ["app-version", "connection-lost"],
  STORAGE_DAMAGED: ["platform", "app-version"],
  STORAGE_LOST: ["storage-less-durable", "platform"],
  STORAGE_FLEETING: ["storage-less-durable", "platform"],
  PROFILE_LOCKED: ["taken-over"],
};

/** The newest fitting change of the last day. A log whose clock jumped may name the future: that is left out. */
function changeBehind(cause: Cause, { changes, startedAtMs }: Evidence): Change | undefined {
  const kinds = BEHIND[cause] ?? [];
  return changes.findLast(({ kind, atMs }) => kinds.includes(kind) && atMs <= startedAtMs && atMs > startedAtMs - RECENT_MS);
}
