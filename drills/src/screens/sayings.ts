/** What the app writes about a state, word for word from its English catalogue. */
import { messages } from "@hawser/ui/catalogues/en/index";
import { noticeWords } from "@hawser/ui/notice-words";
import type { ClientState, LinkStatus } from "@hawser/client";

export interface Saying {
  /** The error or state behind the words. */
  readonly code: string;
  readonly text: string;
}

const TEXTS: Readonly<Record<string, unknown>> = messages;
const wordsFor = (code: string): string => {
  const text = TEXTS[`error.${code}`];
  return typeof text === "string" ? text : code;
};

/** Nothing is said of smaller differences (apps/web/src/app/clock-banner.tsx). */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** The banner. */
export function bannerSaying({ phase, role, connection, listConflict, revocation, notice }: ClientState): Saying | undefined {
  if (phase === "revoked") return { code: "REVOKED", text: `${messages["revoked.title"]} (${revocation?.reason ?? "no reason"})` };
  if (connection.kind === "update-needed")
    return { code: connection.error, text: `${messages["update.needed"]} ${wordsFor(connection.error)}` };
  if (listConflict) return { code: "LIST_CONFLICT", text: messages["account.listConflict"] };
  if (connection.kind === "offline")
    return { code: connection.error, text: `${messages["connection.offline"]} ${wordsFor(connection.error)}` };
  if (notice !== undefined) {
    const code = noticeWords(notice, role === "phone");
    return { code, text: messages[code] };
  }
  const isClockWrong = connection.kind === "online" && Math.abs(connection.clockOffsetMs) > CLOCK_TOLERANCE_MS;
  return isClockWrong ? { code: "clock.text", text: messages["clock.text"] } : undefined;
}

/** The line about history and about what is missing (apps/web/src/app/sync-progress.tsx), on the device that receives. */
export function historySaying({ phase, history, gapSinceMs }: ClientState): Saying | undefined {
  if (phase !== "ready") return undefined;
  if (history.kind === "running" && history.direction === "receiving") {
    const second = history.stalledSinceMs === undefined ? "history.meanwhile" : "history.stalled";
    return {
      code: second === "history.stalled" ? second : "history.receiving",
      text: `${messages["history.receiving"]}: ${messages[second]}`,
    };
  }
  const isMissing = history.kind !== "running" && gapSinceMs !== undefined;
  return isMissing ? { code: "history.gapTitle", text: messages["history.gapTitle"] } : undefined;
}

/** The page of a link, on either side. */
export function linkSaying({ stage, error }: LinkStatus): Saying | undefined {
  return stage === "failed" && error !== undefined ? { code: error.name, text: wordsFor(error.name) } : undefined;
}
