/** A clock that is plainly wrong is told, and nothing else happens because of it. */
import { CLOCK_TOLERANCE_MS } from "@hawser/diagnosis";
import type { ConnectionStatus } from "@hawser/sdk";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** The session believes no larger difference than a day. */
const MOST_SAID_MS = 24 * HOUR_MS;

/** How far this computer's clock is from the server's, in words; `undefined` where that is what clocks do, or nobody knows. */
export function clockDifference(connection: ConnectionStatus): string | undefined {
  if (connection.kind !== "online" || Math.abs(connection.clockOffsetMs) <= CLOCK_TOLERANCE_MS) return undefined;
  const apartMs = Math.abs(connection.clockOffsetMs);
  return `${amount(apartMs)} ${connection.clockOffsetMs < 0 ? "ahead of" : "behind"} the server's`;
}

/** What to say about it. */
export function clockTrouble(connection: ConnectionStatus): string | undefined {
  const difference = clockDifference(connection);
  if (difference === undefined) return undefined;
  return `This computer's clock is ${difference}. Chats go on; set the clock right when you can. More: hawser doctor`;
}

function amount(apartMs: number): string {
  if (apartMs >= MOST_SAID_MS) return "a day or more";
  if (apartMs >= 2 * HOUR_MS) return `about ${Math.round(apartMs / HOUR_MS)} hours`;
  return `about ${Math.round(apartMs / MINUTE_MS)} minutes`;
}
