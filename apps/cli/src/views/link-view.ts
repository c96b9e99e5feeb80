/** The stages of a link as events and as words, for both sides. */
import type { LinkStatus } from "@hawser/sdk";
import type { CliEvent } from "../json-events.ts";
import type { Paint } from "../terminal/paint.ts";
import { safeName } from "../terminal/safe-text.ts";

export function linkEvent(status: LinkStatus): Extract<CliEvent, { event: "link" }> {
  const { stage, uri = null, typedCode = null, matchCode = null, deadlineMs = null, peer, error } = status;
  return {
    event: "link",
    stage,
    uri,
    matchCode,
    deadlineMs,
    peerName: peer?.name ?? null,
    peerPlatform: peer?.platform ?? null,
    peerOrigin: peer?.origin ?? null,
    error: error?.name ?? null,
    place: status.queue?.place ?? null,
    estimateMs: status.queue?.estimateMs ?? null,
    typedCode,
    passkey: status.passkeyCheck?.state ?? null,
    needsRemoval: status.needsRemoval === true,
  };
}

/** While a link waits for its turn on a busy server. */
export function queueLine({ queue }: LinkStatus): string | undefined {
  if (queue === undefined) return undefined;
  const minutes = Math.round(queue.estimateMs / 60_000);
  const wait = minutes < 1 ? "less than a minute" : `about ${minutes} minute${minutes === 1 ? "" : "s"}`;
  return `Many people are linking. Place ${queue.place} in the line, ${wait}. It goes on by itself.`;
}

/** What the companion's screen says at a stage; `undefined` where it shows something else. */
export function stageLine({ stage, matchCode, peer }: LinkStatus, paint: Paint): string | undefined {
  switch (stage) {
    case "preparing":
      return "Preparing a code …";
    case "scanned":
      return "Scanned. Agreeing on keys …";
    case "comparing":
      return `${peer === undefined ? "The phone" : `"${safeName(peer.name)}"`} asks whether this is you. Both screens show ${paint.bold(matchCode ?? "")}.`;
    case "approving":
      return "Approved. Receiving keys …";
    case "activating":
      return "Connecting as a new device …";
    case "paused":
      return "Nobody scanned the code, so no new ones are made.";
    case "waiting-for-scan":
    case "active":
    case "failed":
      return undefined;
  }
}
