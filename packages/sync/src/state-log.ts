/**
 * Last-writer-wins state shared by one account's devices (read marks, contacts, blocks, settings). Invariant: every device
 * that has seen the same set of updates holds the same values, whatever the order they came in. Time is a hybrid logical
 * clock (Kulkarni et al., 2014): it follows the device's clock, never goes back, and a wrong clock costs no update.
 * docs/PROTOCOL.md, "Shared state".
 */

export interface StateStamp {
  readonly timeMs: number;
  readonly counter: number;
  readonly device: number;
}

/** Negative when `a` is older than `b`; zero only for the same write. */
export function compareStamps(a: StateStamp, b: StateStamp): number {
  return a.timeMs - b.timeMs || a.counter - b.counter || a.device - b.device;
}

/** What to do with an incoming value for a key. A merge has exactly these outcomes. */
export function mergeStamp(current: StateStamp | undefined, incoming: StateStamp): "advance" | "same" | "stale" {
  if (current === undefined) return "advance";
  const order = compareStamps(incoming, current);
  return order > 0 ? "advance" : order === 0 ? "same" : "stale";
}

/** The stamp of a new local write: later than everything seen (`latest`), near the clock where the clock allows. */
export function nextStamp(latest: StateStamp | undefined, nowMs: number, device: number): StateStamp {
  const timeMs = Math.max(0, Math.floor(nowMs));
  if (latest === undefined || timeMs > latest.timeMs) return { timeMs, counter: 0, device };
  return { timeMs: latest.timeMs, counter: latest.counter + 1, device };
}
