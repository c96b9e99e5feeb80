/**
 * What the screen stands on while the engine opens: where this browser is known to hold an account, the chats page in place, its rows
 * still to come; where links failed too often, what is said about that. The engine's own state replaces it with its first answer,
 * whatever that says.
 */
import type { ClientState } from "@hawser/sdk";
import { isLinkStuck, isSettled, rememberedTheme, type Face } from "../entry/remembered.ts";
import { parseRoute } from "./router.ts";

/** `undefined` where nothing is known, or where the page shows more of the state than that there is an account. */
export function openingState(face: Face): ClientState | undefined {
  const { page } = parseRoute(location.hash);
  const isStuck = isLinkStuck(face) && !isSettled(face);
  if (!isStuck && (!isSettled(face) || (page !== "chats" && page !== "chat"))) return undefined;
  const theme = rememberedTheme();
  return {
    phase: isStuck ? "linking" : "ready",
    role: face,
    self: undefined,
    connection: { kind: "idle" },
    history: { kind: "none" },
    storage: { kind: "opfs", durable: true },
    revocation: undefined,
    unreadTotal: 0,
    outboxCount: 0,
    // No language: the page speaks the remembered one already.
    settings: {
      readReceipts: true,
      language: undefined,
      theme: theme === "light" || theme === "dark" ? theme : "system",
      reportOutcomes: true,
      dormantAfterMonths: 0,
    },
    deviceAlerts: [],
    listConflict: false,
    gapSinceMs: undefined,
    notice: undefined,
  };
}
