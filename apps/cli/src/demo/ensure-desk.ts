/** A companion for a demo person, by the same ceremony that people go through, with nobody looking. */
import type { ClientEvent, HawserClient, LinkStatus } from "@hawser/sdk";
import { CliError } from "../error-text.ts";
import { untilOnline, waitFor } from "../profile/waits.ts";
import type { Person } from "./memory.ts";

const LINK_DEADLINE_MS = 60_000;
const HISTORY_DEADLINE_MS = 60_000;

export async function ensureDesk(phone: HawserClient, desk: HawserClient, person: Person, signal: AbortSignal): Promise<void> {
  const { phase } = await desk.state();
  if (phase === "ready") return;
  if (phase !== "revoked") {
    await untilOnline(phone, signal);
    await link(phone, desk, person, signal);
  }
}

async function link(phone: HawserClient, desk: HawserClient, person: Person, signal: AbortSignal): Promise<void> {
  const options = { signal, deadlineMs: LINK_DEADLINE_MS };
  const statusOf = async (client: HawserClient, event: ClientEvent | undefined): Promise<LinkStatus | undefined> => {
    const status = event?.type === "link" ? event.link : await client.linkStatus();
    if (status?.stage === "failed") throw new CliError(status.error?.name ?? "INTERNAL");
    return status;
  };
  await desk.startLink({ deviceName: `${person.shortName}'s desk (demo)`, platform: "inside the server's process" });
  const uri = await waitFor(desk, async (event) => (await statusOf(desk, event))?.uri, options);
  if (uri === undefined) throw new CliError("REQUEST_DEADLINE");
  await phone.openLinkCode(uri);
  const asking = await waitFor(phone, async (event) => pick(await statusOf(phone, event), "comparing"), options);
  const shown = await waitFor(desk, async (event) => pick(await statusOf(desk, event), "comparing"), options);
  // What a person does by eye.
  if (asking?.attempt === undefined || asking.matchCode === undefined || asking.matchCode !== shown?.matchCode)
    throw new CliError("CHANNEL_TAMPERED");
  await phone.approveLink(asking.attempt);
  const isMember = await waitFor(desk, async () => ((await desk.state()).phase === "ready" ? true : undefined), options);
  if (isMember === undefined) throw new CliError("ACTIVATION_DEADLINE");
  // Best effort: it goes on by itself while both are here.
  await waitFor(desk, async () => ((await desk.state()).history.kind === "complete" ? true : undefined), {
    signal,
    deadlineMs: HISTORY_DEADLINE_MS,
  });
}

const pick = (status: LinkStatus | undefined, stage: LinkStatus["stage"]): LinkStatus | undefined =>
  status?.stage === stage ? status : undefined;
