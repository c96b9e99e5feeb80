/** What devices say about how their attempts ended: counts without a person. Open to everybody, so bounded for each. */
import { MAX_OUTCOMES_PER_REPORT, type OutcomeCount, ReportOutcomesResultSchema } from "@hawser/wire";
import { create } from "@bufbuild/protobuf";
import { formatAddress } from "@hawser/base";
import { type Answer, refuse, type RequestContext } from "./answer.ts";
import type { Caller } from "./operations.ts";

export function reportOutcomes({ outcomes, limits }: RequestContext, caller: Caller, reported: readonly OutcomeCount[]): Answer {
  if (outcomes === undefined) return refuse("UNKNOWN_OPERATION");
  if (reported.length > MAX_OUTCOMES_PER_REPORT) return refuse("LIMIT_EXCEEDED");
  const key = caller.address === undefined ? caller.remoteAddress : formatAddress(caller.address);
  const waitMs = limits.outcomes.take(key);
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  return { case: "reportOutcomes", value: create(ReportOutcomesResultSchema, { refused: [...outcomes(caller, reported)] }) };
}
