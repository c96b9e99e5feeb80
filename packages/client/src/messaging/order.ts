/**
 * Where a message stands in time. Senders' clocks are not trusted: a message stands when it says it was sent, but not after the server
 * took it and not long before; own messages stand after everything the conversation shows. docs/PROTOCOL.md, "Order".
 */
import { MAX_ORDER_BEFORE_SERVER_MS, ORDER_STEPS_PER_MS } from "../bounds.ts";

export function orderOfDelivery(sentAtMs: number, serverTimeMs: number): number {
  const ms = Math.min(Math.max(sentAtMs, serverTimeMs - MAX_ORDER_BEFORE_SERVER_MS, 1), Math.max(1, serverTimeMs));
  return Math.floor(ms) * ORDER_STEPS_PER_MS;
}

/** `nowMs` corrected by the server's clock; `lastOrder` of the conversation. */
export function orderOfOwn(nowMs: number, lastOrder: number): number {
  return Math.max(Math.floor(Math.max(1, nowMs)) * ORDER_STEPS_PER_MS, lastOrder + 1);
}
