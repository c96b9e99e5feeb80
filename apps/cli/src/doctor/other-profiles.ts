/** What other profiles of this machine at the same server see: they are asked through the process that has them open. */
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Findings } from "@hawser/diagnosis";
import { reachControl } from "../control/reach-control.ts";
import { type ProfilePlace, profileExists, rememberedServer } from "../profile/profile-folder.ts";

const MAX_PROFILES = 8;

/** `undefined` when no other profile is open. */
export async function askOtherProfiles({ folder, server }: ProfilePlace): Promise<Findings["others"] | undefined> {
  const states = await Promise.all(neighbours(folder, server).map(isOnline));
  const seen = states.filter((state) => state !== undefined);
  return seen.length === 0 ? undefined : { kind: seen.includes(true) ? "online" : "offline" };
}

function neighbours(folder: string, server: string): string[] {
  try {
    return readdirSync(dirname(folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(dirname(folder), entry.name))
      .filter((other) => other !== folder && profileExists(other) && rememberedServer(other) === server)
      .slice(0, MAX_PROFILES);
  } catch {
    return [];
  }
}

async function isOnline(folder: string): Promise<boolean | undefined> {
  const client = await reachControl(folder);
  if (client === undefined) return undefined;
  try {
    return (await client.state()).connection.kind === "online";
  } catch {
    return undefined;
  } finally {
    await client.close();
  }
}
