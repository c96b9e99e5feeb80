/**
 * What the screen stands on while the engine opens, where this browser is known to hold an account: the chats page in place, its rows
 * still to come. The engine's own state replaces it with its first answer, whatever that says.
 */
import type { ClientState } from "@hawser/sdk";
import { isSettled, rememberedTheme, type Face } from "../entry/remembered.ts";
import { parseRoute } from "./router.ts";

/** `undefined` where there is no account, or where the page shows more of the state than that there is one. */
export function openingState(face: Face): ClientState | undefined {
  const { page } = parseRoute(location.hash);
  if (!isSettled(face) || (page !== "chats" && page !== "chat")) return undefined;
  const theme = rememberedTheme();
  return {
    phase: "ready",
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
