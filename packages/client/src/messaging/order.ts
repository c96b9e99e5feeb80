/**
 * Where a message stands in time. Neither senders' clocks nor the server's are trusted: a message stands when it says it was sent, but not
 * after the server took it and not long before, and never far in this device's future: it would stay the last one there for years. A clock
 * that stands before what this device already holds is wrong itself: then sender and server are believed together, so that all devices of
 * an account place a message alike. Own messages stand after everything the conversation shows. docs/PROTOCOL.md, "Order".
 */
import { MAX_ORDER_AFTER_NOW_MS, MAX_ORDER_BEFORE_SERVER_MS, ORDER_STEPS_PER_MS } from "../bounds.ts";

/** `nowMs` is this device's time, corrected as far as it believes the server; `newestMs` is asked when that may be far too early. */
export function orderOfDelivery(sentAtMs: number, serverTimeMs: number, nowMs: number, newestMs: () => number): number {
  const horizonMs = nowMs + MAX_ORDER_AFTER_NOW_MS;
  const agreed = Math.abs(serverTimeMs - sentAtMs) <= MAX_ORDER_BEFORE_SERVER_MS;
  const ownClockIsWrong = serverTimeMs > horizonMs && agreed && newestMs() > horizonMs;
  const takenAtMs = Math.max(1, ownClockIsWrong ? serverTimeMs : Math.min(serverTimeMs, horizonMs));
  const ms = Math.min(Math.max(sentAtMs, takenAtMs - MAX_ORDER_BEFORE_SERVER_MS, 1), takenAtMs);
  return Math.floor(ms) * ORDER_STEPS_PER_MS;
}

/** `nowMs` corrected by the server's clock; `lastOrder` of the conversation. */
export function orderOfOwn(nowMs: number, lastOrder: number): number {
  return Math.max(Math.floor(Math.max(1, nowMs)) * ORDER_STEPS_PER_MS, lastOrder + 1);
}
