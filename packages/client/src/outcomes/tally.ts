/**
 * Outcomes that have not been reported: equal ones counted together, the oldest dropped first. Invariant: at most `MAX_KEPT_OUTCOMES` rows;
 * every field is a word of the catalogue or a number. They are written a moment after they happen, so a crash can lose the last of them.
 */
import { assert } from "@hawser/base";
import { durationBucket, MAX_OUTCOME_AGE_QUARTERS, MAX_OUTCOME_COUNT, type OutcomeSegmentWords } from "@hawser/wire";
import { MAX_KEPT_OUTCOMES } from "../bounds.ts";

export interface Outcome {
  readonly attempt: string;
  readonly stage: string;
  readonly code: string;
  readonly durationMs: number;
  /** Of a link, how its code came. */
  readonly route?: string;
}

/** Plain data, as it is stored. */
export interface CountedOutcome {
  readonly attempt: string;
  readonly stage: string;
  readonly code: string;
  readonly bucket: number;
  readonly segment: OutcomeSegmentWords;
  readonly count: number;
  readonly lastMs: number;
}

const QUARTER_MS = 900_000;

/** How long ago, by a clock that may have jumped: never negative, rounded up. */
export const ageQuarters = ({ lastMs }: CountedOutcome, nowMs: number): number => Math.max(0, Math.ceil((nowMs - lastMs) / QUARTER_MS));

const sameKind = (a: CountedOutcome, b: CountedOutcome): boolean =>
  a.attempt === b.attempt &&
  a.stage === b.stage &&
  a.code === b.code &&
  a.bucket === b.bucket &&
  JSON.stringify(a.segment) === JSON.stringify(b.segment);

export function countOutcome(
  kept: readonly CountedOutcome[],
  outcome: Outcome,
  segment: OutcomeSegmentWords,
  nowMs: number,
): CountedOutcome[] {
  const { attempt, stage, code, durationMs } = outcome;
  const fresh: CountedOutcome = { attempt, stage, code, bucket: durationBucket(durationMs), segment, count: 1, lastMs: Math.floor(nowMs) };
  const before = kept.find((each) => sameKind(each, fresh));
  const others = kept.filter((each) => each !== before);
  const count = Math.min(MAX_OUTCOME_COUNT, (before?.count ?? 0) + 1);
  const next = [...others, { ...fresh, count }].slice(-MAX_KEPT_OUTCOMES);
  assert(next.length <= MAX_KEPT_OUTCOMES, "the tally is bounded");
  return next;
}

/** What is left after `reported` were taken by the server; they may have been counted on meanwhile. */
export function withoutReported(kept: readonly CountedOutcome[], reported: readonly CountedOutcome[]): CountedOutcome[] {
  return kept.flatMap((each) => {
    const taken = reported.find((other) => sameKind(each, other))?.count ?? 0;
    return each.count > taken ? [{ ...each, count: each.count - taken }] : [];
  });
}

/** Outcomes that are too old to say anything about today. */
export const withoutOld = (kept: readonly CountedOutcome[], nowMs: number): CountedOutcome[] =>
  kept.filter((each) => ageQuarters(each, nowMs) <= MAX_OUTCOME_AGE_QUARTERS);
