/**
 * A link that waits for its turn on the server: what it remembers of it, and how long a state may last meanwhile. Invariant: the place
 * moves the state's deadline, but never beyond `MAX_WAIT_FOR_TURN_MS` after the first place that was told.
 */

export interface WaitingPlace {
  /** 1: the next one. */
  readonly place: number;
  readonly estimateMs: number;
}

export interface WaitForTurn extends WaitingPlace {
  /** When the first place was told, by the device's own clock. */
  readonly sinceMs: number;
}

export const MAX_WAIT_FOR_TURN_MS = 900_000;

/** `place` 0: its turn has come. `stateMs` is what the state lasts without a line. */
export function waitForTurn(
  known: WaitForTurn | undefined,
  told: WaitingPlace,
  stateMs: number,
  nowMs: number,
): { readonly turn: WaitForTurn | undefined; readonly leftMs: number } {
  if (told.place === 0) return { turn: undefined, leftMs: stateMs };
  // A clock that was set back does not make it longer.
  const sinceMs = Math.min(known?.sinceMs ?? nowMs, nowMs);
  const leftMs = Math.min(told.estimateMs + stateMs, Math.max(0, sinceMs + MAX_WAIT_FOR_TURN_MS - nowMs));
  return { turn: { place: told.place, estimateMs: told.estimateMs, sinceMs }, leftMs };
}
