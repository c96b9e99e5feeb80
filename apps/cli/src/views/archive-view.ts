/** How far the account's archive is, as an event and as words. */
import type { ArchiveStatus } from "@hawser/sdk";
import type { CliEvent } from "../json-events.ts";
import { formatCount } from "../terminal/progress-bar.ts";

export function archiveEvent({
  on,
  messages,
  waiting,
  writtenAtMs,
  trouble,
  usedBytes,
  quotaBytes,
}: ArchiveStatus): Extract<CliEvent, { event: "archive" }> {
  return {
    event: "archive",
    on,
    messages,
    waiting,
    writtenAtMs: writtenAtMs ?? null,
    trouble: trouble ?? null,
    usedBytes: usedBytes ?? null,
    quotaBytes: quotaBytes ?? null,
  };
}

export function archiveLine({ on, messages, waiting, writtenAtMs, trouble }: ArchiveStatus): string {
  if (!on) return "No archive is kept on the server.";
  const until =
    writtenAtMs === undefined
      ? "Nothing is archived yet"
      : `${formatCount(messages)} messages, up to ${new Date(writtenAtMs).toISOString()}`;
  const left = waiting === 0 ? "" : `; ${formatCount(waiting)} wait`;
  if (trouble === undefined) return `${until}${left}.`;
  if (trouble === "unsupported") return "This server is too old to keep an archive.";
  if (trouble === "stale-key")
    return `${until}${left}. A device that was removed has written it last: the phone begins a new one by itself.`;
  return trouble === "full"
    ? `${until}${left}. The server's archive is full: nothing was deleted, newer messages stay on the devices.`
    : `${until}${left}. The server does not show the archive that was written (${trouble}): messages are safe on the devices; "archive off" and "archive on" begin a new one.`;
}
