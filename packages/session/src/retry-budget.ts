/**
 * How many retries one connection may make: a few at once, a few each minute, and one for every handful of successes. Pauses that grow hold
 * back one caller; when everything fails at the same time, this holds back all of them together. Invariants: over any span, retries that led
 * nowhere are at most `RETRIES_AT_ONCE`, plus `RETRIES_PER_MINUTE` of it, plus the share of its successes; a retry that succeeds costs nothing,
 * so that recovery is not slowed; a first try is never held back. docs/PROTOCOL.md, "Retries".
 *
 * Token buckets for retries are the field's practice (Google's SRE book, ch. 22; gRFC A6; the AWS SDKs' standard mode).
 */
export const RETRIES_AT_ONCE = 30;
export const RETRIES_PER_MINUTE = 20;
/** Of a retry, for each first try that succeeds. */
export const RETRIES_PER_SUCCESS = 0.2;

const MS_PER_RETRY = 60_000 / RETRIES_PER_MINUTE;

/** `atMs`: monotonic. */
export interface RetryBudget {
  readonly tokens: number;
  readonly atMs: number;
}

export const fullRetryBudget = (nowMs: number): RetryBudget => ({ tokens: RETRIES_AT_ONCE, atMs: nowMs });

const refilled = ({ tokens, atMs }: RetryBudget, nowMs: number, extra: number): RetryBudget => ({
  tokens: Math.min(RETRIES_AT_ONCE, tokens + Math.max(0, nowMs - atMs) / MS_PER_RETRY + extra),
  atMs: nowMs,
});

/** Retries that may be made now. */
export const retriesLeft = (budget: RetryBudget, nowMs: number): number => Math.max(0, Math.floor(refilled(budget, nowMs, 0).tokens));

/** 0: one may be made now. */
export function untilRetryMs(budget: RetryBudget, nowMs: number): number {
  const { tokens } = refilled(budget, nowMs, 0);
  return tokens >= 1 ? 0 : Math.ceil((1 - tokens) * MS_PER_RETRY);
}

export const afterRetry = (budget: RetryBudget, nowMs: number): RetryBudget => refilled(budget, nowMs, -1);
export const afterSuccess = (budget: RetryBudget, nowMs: number, wasRetry: boolean): RetryBudget =>
  refilled(budget, nowMs, wasRetry ? 1 : RETRIES_PER_SUCCESS);
