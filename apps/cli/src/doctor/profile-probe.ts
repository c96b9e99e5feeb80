/**
 * Looks at this device itself: its storage first, and only if that is sound the client on it, which tries the connection. A profile that
 * cannot be opened is a finding like any other.
 */
import { OperationalError } from "@hawser/base";
import { type Change, type Findings, HOP_DEADLINE_MS, readEngine } from "@hawser/diagnosis";
import { probeStorage } from "@hawser/io-node";
import type { ClientState } from "@hawser/sdk";
import { openProfile } from "../profile/open-profile.ts";
import { type ProfilePlace, profileExists } from "../profile/profile-folder.ts";
import { waitFor } from "../profile/waits.ts";

export interface ProfileFacts {
  readonly findings: Partial<Findings>;
  readonly changes: readonly Change[];
}

const LOCK_PATIENCE_MS = 1_500;

export async function lookAtProfile(place: ProfilePlace, signal: AbortSignal): Promise<ProfileFacts> {
  const storage = await probeStorage(place.folder);
  if (!profileExists(place.folder)) return { findings: { storage, device: { kind: "none" } }, changes: [] };
  if (storage.kind === "damaged") return { findings: { storage }, changes: [] };
  try {
    const { findings, changes } = await askClient(place, signal);
    // The folder tells more than the engine, but for what only the engine can see.
    const isWorse = findings.storage?.kind === "damaged" || findings.storage?.kind === "locked";
    return { findings: isWorse ? findings : { ...findings, storage }, changes };
  } catch (error) {
    return { findings: { storage: { kind: kindOf(error) ?? storage.kind } }, changes: [] };
  }
}

async function askClient(place: ProfilePlace, signal: AbortSignal): Promise<ProfileFacts> {
  const client = await openProfile(place, { signal: AbortSignal.any([signal, AbortSignal.timeout(LOCK_PATIENCE_MS)]) });
  try {
    await waitFor(client, async (event) => (isSettled(event?.type === "state" ? event.state : await client.state()) ? true : undefined), {
      signal,
      deadlineMs: HOP_DEADLINE_MS,
    });
    const facts = await client.diagnostics();
    return { findings: readEngine(facts), changes: facts.changes };
  } finally {
    await client.close();
  }
}

const isSettled = ({ phase, connection }: ClientState): boolean =>
  phase !== "ready" || (connection.kind !== "idle" && connection.kind !== "connecting");

function kindOf(error: unknown): Findings["storage"]["kind"] | undefined {
  if (error instanceof DOMException && error.name === "TimeoutError") return "locked";
  if (!(error instanceof OperationalError)) return undefined;
  if (error.code === "PROFILE_IN_USE") return "locked";
  if (error.code === "STORAGE_FULL") return "full";
  return error.code === "STORAGE_LOST" || error.code === "STORE_UNAVAILABLE" ? "damaged" : undefined;
}
