/**
 * What a reported outcome may say: words of the catalogue and small numbers, nothing else. Invariant: no field can carry what somebody
 * chose, so an outcome can never name a person, a device or an address. docs/OUTCOMES.md.
 */
import { ERROR_CODES } from "../errors.ts";
import type { OutcomeCount } from "../gen/hawser/v1/rpc_pb.js";
import { MAX_OUTCOME_AGE_QUARTERS, MAX_OUTCOME_COUNT, OUTCOME_DURATION_BUCKETS_MS } from "../limits.ts";
import { OUTCOME_ATTEMPTS, OUTCOME_SEGMENT } from "./gen/catalogue.ts";

export interface OutcomeSegmentWords {
  readonly platform: string;
  readonly engine: string;
  readonly version: string;
  readonly region: string;
  readonly transport: string;
  readonly flags: readonly string[];
  readonly system: string;
  readonly route: string;
}

export interface AttemptEntry {
  /** Who sees the attempt. */
  readonly by: "device" | "server";
  /** Where it can end well, and where it can fail. */
  readonly succeeds: readonly string[];
  readonly fails: readonly string[];
  /** Whether every name of the error registry is a code of it, beside `codes`. */
  readonly errors: boolean;
  readonly codes: readonly string[];
}

export interface OutcomeCatalogue {
  readonly attempts: Readonly<Record<string, AttemptEntry>>;
  readonly segment: Readonly<Record<"platform" | "engine" | "region" | "transport" | "flags" | "system" | "route", readonly string[]>>;
}

const attempts: OutcomeCatalogue["attempts"] = OUTCOME_ATTEMPTS;
const segments: OutcomeCatalogue["segment"] = OUTCOME_SEGMENT;
const VERSION = /^\d{1,3}\.\d{1,3}\.\d{1,3}$/;

/** The word itself when it is one of the catalogue's, `other` if not. */
export const segmentWord = (part: keyof OutcomeCatalogue["segment"], word: string): string =>
  segments[part].includes(word) ? word : "other";

export const segmentVersion = (version: string): string => (VERSION.test(version) ? version : "0.0.0");

/** Whether an attempt seen by `by` can end in this stage with this code. */
export function isOutcome(by: AttemptEntry["by"], attempt: string, stage: string, code: string): boolean {
  const entry = Object.hasOwn(attempts, attempt) ? attempts[attempt] : undefined;
  if (entry === undefined || entry.by !== by) return false;
  return code === "OK"
    ? entry.succeeds.includes(stage)
    : entry.fails.includes(stage) && (entry.codes.includes(code) || (entry.errors && Object.hasOwn(ERROR_CODES, code)));
}

/** Whether a report of a device stands in the catalogue, word for word. */
export function isReportedOutcome(reported: OutcomeCount): boolean {
  const { attempt, stage, code, durationBucket, count, ageQuarters, segment } = reported;
  if (segment === undefined) return false;
  return (
    isOutcome("device", attempt, stage, code) &&
    durationBucket <= OUTCOME_DURATION_BUCKETS_MS.length &&
    count >= 1 &&
    count <= MAX_OUTCOME_COUNT &&
    ageQuarters <= MAX_OUTCOME_AGE_QUARTERS &&
    VERSION.test(segment.version) &&
    (["platform", "engine", "region", "transport"] as const).every((part) => segments[part].includes(segment[part])) &&
    segment.flags.length <= segments.flags.length &&
    new Set(segment.flags).size === segment.flags.length &&
    segment.flags.every((flag) => segments.flags.includes(flag)) &&
    // Older programs do not know them.
    (["system", "route"] as const).every((part) => segment[part] === "" || segments[part].includes(segment[part]))
  );
}

/** The index of the first bound that the duration does not exceed. */
export function durationBucket(durationMs: number): number {
  const index = OUTCOME_DURATION_BUCKETS_MS.findIndex((bound) => durationMs <= bound);
  return index < 0 ? OUTCOME_DURATION_BUCKETS_MS.length : index;
}
