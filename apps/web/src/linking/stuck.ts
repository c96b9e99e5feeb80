/** After two failures in a row another code would not help: the screen leads to the diagnosis instead. */
import type { LinkStatus } from "@hawser/sdk";

const FAILURES_BEFORE_DIAGNOSIS = 2;

export const failedTooOften = (link: LinkStatus | undefined): boolean => (link?.failuresInARow ?? 0) >= FAILURES_BEFORE_DIAGNOSIS;

/** What an engine that is still opening is going to say, as far as this browser remembers it: no code, not even for a moment. */
export const STUCK: LinkStatus = {
  stage: "failed",
  attempt: undefined,
  uri: undefined,
  typedCode: undefined,
  deadlineMs: undefined,
  matchCode: undefined,
  peer: undefined,
  error: undefined,
  failuresInARow: FAILURES_BEFORE_DIAGNOSIS,
};
