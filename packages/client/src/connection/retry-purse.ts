/** The retries of one connection, shared by all that send on it. It lasts over reconnections, so that these earn nothing. */
import type { Clock } from "@hawser/base";
import { afterRetry, afterSuccess, fullRetryBudget, retriesLeft, untilRetryMs } from "@hawser/session";

/** The server has no fault in these refusals, or has said itself when to come again. */
const NO_TROUBLE: ReadonlySet<string> = new Set(["OFFLINE", "RATE_LIMITED", "ADMISSION_QUEUED", "ADMISSION_FULL", "STALE_LIST"]);

/** Whether trying the same again is a retry that the budget counts. */
export const isTrouble = (code: string): boolean => !NO_TROUBLE.has(code);

export interface RetryPurse {
  /** Retries that may be made now. */
  left(): number;
  /** 0: one may be made now. */
  waitMs(): number;
  spend(): void;
  succeeded(wasRetry: boolean): void;
}

export function createRetryPurse(clock: Clock): RetryPurse {
  let budget = fullRetryBudget(clock.monotonicMs());
  return {
    left: () => retriesLeft(budget, clock.monotonicMs()),
    waitMs: () => untilRetryMs(budget, clock.monotonicMs()),
    spend: () => void (budget = afterRetry(budget, clock.monotonicMs())),
    succeeded: (wasRetry) => void (budget = afterSuccess(budget, clock.monotonicMs(), wasRetry)),
  };
}
