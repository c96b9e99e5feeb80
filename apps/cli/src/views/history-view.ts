/** How far history is, as an event and as words. */
import type { HistoryStatus } from "@hawser/sdk";
import type { CliEvent } from "../json-events.ts";
import { formatCount } from "../terminal/progress-bar.ts";

export function historyEvent(history: HistoryStatus): Extract<CliEvent, { event: "history" }> {
  switch (history.kind) {
    case "none":
      return { event: "history", state: "none", direction: null, done: 0, total: 0 };
    case "running":
      return {
        event: "history",
        state: history.storageFull ? "storage-full" : history.stalledSinceMs === undefined ? "running" : "stalled",
        direction: history.direction,
        done: history.messagesDone,
        total: history.messagesTotal,
      };
    case "complete":
      return { event: "history", state: "complete", direction: null, done: history.messagesTotal, total: history.messagesTotal };
  }
}

export function historyLine(history: HistoryStatus): string {
  switch (history.kind) {
    case "none":
      return "No history was transferred.";
    case "running": {
      const verb = history.direction === "receiving" ? "Receiving" : "Sending";
      const waiting = history.storageFull
        ? "; no room is left on this device, free some space"
        : history.stalledSinceMs === undefined
          ? ""
          : "; waiting for the other device, which has to be online";
      return `${verb} history: ${formatCount(history.messagesDone)} of ${formatCount(history.messagesTotal)} messages${waiting}.`;
    }
    case "complete":
      return `History is complete: ${formatCount(history.messagesTotal)} messages.`;
  }
}
