/**
 * Whom to ask once more when one source brought everything: others may have more. Those that were silent are asked how large their chats are.
 * After a gap every other device is asked, and for all of it: what a store that was put back had given away may be on one of them only, and
 * sizes alone do not say what is missing, because this device has what came since, and they have it not yet. docs/PROTOCOL.md, "Several sources".
 */
import { ARCHIVE_SLACK_MS } from "@hawser/sync";
import { ARCHIVE_SOURCE, type HistoryPart, type StoredJob } from "./stored-job.ts";

interface Question {
  readonly devices: ReadonlySet<number>;
  readonly afterMs: number;
}

export function comparedSources(
  { source, part, archive }: Partial<StoredJob>,
  silent: readonly number[],
  candidates: (part: HistoryPart) => readonly number[],
  nowMs: number,
): Question {
  const isGap = part !== undefined && "afterMs" in part;
  // What came after the archive was last written is on the devices, and what was on its way to its writer then.
  const device = archive === undefined ? undefined : candidates({ afterMs: 0 }).find((each) => each !== ARCHIVE_SOURCE);
  const devices = new Set([...silent, ...(isGap ? candidates(part) : []), ...(device === undefined ? [] : [device])]);
  devices.delete(ARCHIVE_SOURCE);
  if (source !== undefined) devices.delete(source);
  const writtenMs = archive === undefined ? nowMs : Math.max(0, archive.untilMs - ARCHIVE_SLACK_MS);
  return { devices, afterMs: isGap ? part.afterMs : writtenMs };
}
