/**
 * Devices that are away for longer than their person chose. Invariant: nothing here depends on this device's own clock but what a screen shows;
 * the server drops what it kept, and says so to the device when it comes back, which then asks for history. A server that calls a device
 * dormant at will causes that and nothing else. docs/PROTOCOL.md, "Dormant devices".
 */
import type { DormantAfterMonths } from "../api.ts";
import { RequestFailed, type ServerLink } from "../connection/server-link.ts";
import type { Core } from "../core.ts";

export const DORMANT_AFTER_MONTHS: readonly DormantAfterMonths[] = [0, 1, 3, 6, 12];
const DAYS_PER_MONTH = 30.4375;
const DAY_MS = 86_400_000;
/** In kv: the server has not heard of the period yet. */
const UNTOLD = "dormancy-untold";

const daysOf = (months: DormantAfterMonths): number => Math.round(months * DAYS_PER_MONTH);

/** Since when a device that was last seen then is dormant; `undefined`: it is not. */
export function dormantSinceMs(months: DormantAfterMonths, lastSeenMs: number, nowMs: number): number | undefined {
  const sinceMs = lastSeenMs + daysOf(months) * DAY_MS;
  return months === 0 || sinceMs > nowMs ? undefined : sinceMs;
}

/** The period was chosen here: the server hears of it, now or on the next connection. Inside a transaction. */
export const noteDormancy = ({ store }: Core): void => store.kv.setJson(UNTOLD, true);

export async function tellDormancy({ store, identity }: Core, link: ServerLink): Promise<void> {
  if (store.kv.getJson(UNTOLD) !== true) return;
  const { dormantAfterMonths } = identity.settings();
  try {
    await link.request("setDormancy", { afterDays: daysOf(dormantAfterMonths) });
  } catch (error) {
    // An older server keeps things as long as it always does.
    if (!(error instanceof RequestFailed) || error.code !== "UNKNOWN_OPERATION") throw error;
  }
  if (identity.settings().dormantAfterMonths === dormantAfterMonths) store.kv.delete(UNTOLD);
}
