/** What a phone's system stops when the app is no longer in front, and a person has to come back for. */
import type { ClientState, LinkStatus } from "@hawser/sdk";

export type UnfinishedWork = "upload" | "link";

const LINK_STAGES: readonly LinkStatus["stage"][] = ["scanned", "comparing", "approving", "activating"];

/** A link comes first: somebody waits at the other screen. Of history only what leaves: what comes is fetched by whoever wants it. */
export function unfinishedWork({ history }: Pick<ClientState, "history">, link: LinkStatus | undefined): UnfinishedWork | undefined {
  if (link !== undefined && LINK_STAGES.includes(link.stage)) return "link";
  return history.kind === "running" && history.direction === "sending" ? "upload" : undefined;
}
