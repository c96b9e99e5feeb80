/** Follows history until it is complete. It never fails for good: what is missing comes whenever both devices are online. */
import type { ClientEvent, HawserClient, HistoryStatus } from "@hawser/sdk";
import type { Output } from "../terminal/output.ts";
import { ProgressBar } from "../terminal/progress-bar.ts";
import { historyEvent } from "../views/history-view.ts";
import { refuseRevoked } from "./revoked-error.ts";
import { waitFor } from "./waits.ts";

/** Without any progress for so long, the other device is not there. */
const NO_PROGRESS_DEADLINE_MS = 45_000;

/** @returns whether everything is here. */
export async function followHistory(client: HawserClient, output: Output, signal: AbortSignal): Promise<boolean> {
  const bar = new ProgressBar(output, "history");
  let shown = "";
  const show = (history: HistoryStatus): boolean => {
    const event = historyEvent(history);
    const text = JSON.stringify(event);
    if (text === shown) return false;
    shown = text;
    if (history.kind === "running") bar.show(event.done, event.total);
    output.event(event);
    return true;
  };
  const probe = async (event: ClientEvent | undefined): Promise<"moved" | "complete" | undefined> => {
    const state = event?.type === "state" ? event.state : await client.state();
    refuseRevoked(state);
    const moved = show(state.history);
    if (state.history.kind === "complete") return "complete";
    return moved ? "moved" : undefined;
  };
  try {
    for (;;) {
      const outcome = await waitFor(client, probe, { signal, deadlineMs: NO_PROGRESS_DEADLINE_MS });
      if (outcome === "complete") return true;
      if (outcome === undefined) return false;
    }
  } finally {
    bar.end();
  }
}
