/** How often letters may be wrong on one phone before it pauses. The other side has a bound of its own: a wrong guess uses a code up. */
export const MAX_WRONG_TRIES = 6;
export const WRONG_WINDOW_MS = 600_000;

/** The wrong tries that still count. A clock that was set back forgets those it has not seen yet. */
export const recentTries = (wrongAtMs: readonly number[], nowMs: number): number[] =>
  wrongAtMs.filter((atMs) => atMs <= nowMs && atMs > nowMs - WRONG_WINDOW_MS).slice(-MAX_WRONG_TRIES);

/** How long to wait before the next try; 0 when it may be now. */
export function waitBeforeTry(wrongAtMs: readonly number[], nowMs: number): number {
  const recent = recentTries(wrongAtMs, nowMs);
  return recent.length < MAX_WRONG_TRIES ? 0 : recent[0]! + WRONG_WINDOW_MS - nowMs;
}
