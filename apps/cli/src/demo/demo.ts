/**
 * Two people for a newcomer to meet. Invariants: everything goes through the real protocol against the running server; a second start
 * makes nothing twice, also after the first one was interrupted (ids, times and handles stand in `demo.json` before they are used).
 */
import { join } from "node:path";
import type { HawserClient } from "@hawser/sdk";
import type { RunningServer } from "@hawser/server";
import { openProfile } from "../profile/open-profile.ts";
import { rememberServer } from "../profile/profile-folder.ts";
import type { ServerSettings } from "../serving/server-settings.ts";
import { ensureAccount, ensureRecoveryCode } from "./ensure-account.ts";
import { ensureConversation } from "./ensure-conversation.ts";
import { ensureDesk } from "./ensure-desk.ts";
import { answerAutomatically } from "./auto-reply.ts";
import { type DemoMemory, openMemory, PEOPLE, type Person } from "./memory.ts";

export interface DemoAccount {
  readonly name: string;
  readonly handle: string;
  /** The phone's folder. */
  readonly profile: string;
  readonly recoveryCode: string | undefined;
  /** `online`: its phone runs here. `taken-over`: somebody restored the account elsewhere. */
  readonly state: "online" | "taken-over";
}

export interface Demo {
  readonly accounts: readonly DemoAccount[];
  stop(): Promise<void>;
}

export interface DemoOptions {
  readonly server: RunningServer;
  readonly settings: ServerSettings;
  readonly signal: AbortSignal;
}

interface Resident {
  readonly person: Person;
  readonly phone: HawserClient;
  /** A companion that keeps the history when the phone is replaced. */
  readonly desk: HawserClient;
}

export async function startDemo({ server, settings, signal }: DemoOptions): Promise<Demo> {
  const folder = join(settings.server.dataDir, "demo");
  const memory = openMemory(folder);
  const opened: HawserClient[] = [];
  const open = async (name: string): Promise<HawserClient> => {
    const place = { folder: join(folder, name), server: server.url, certificateAuthority: settings.server.tls?.cert };
    const client = await openProfile(place, { origin: server.origin, share: true, signal });
    opened.push(client);
    rememberServer(place);
    return client;
  };
  const stops: (() => void)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops) end();
    await Promise.all(opened.map((client) => client.close()));
  };

  try {
    const residents: Resident[] = [];
    for (const person of PEOPLE) residents.push({ person, phone: await open(person.key), desk: await open(`${person.key}-desk`) });
    await furnish(residents, memory, server, signal);
    const ben = residents.find(({ person }) => person.answers);
    if (ben !== undefined && (await isHere(ben.phone))) stops.push(await answerAutomatically(ben.phone, signal));
    const accounts = await Promise.all(residents.map((resident) => describe(resident, folder, memory)));
    return { accounts, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Everything that is missing, in an order in which each step finds what it needs. */
async function furnish(residents: readonly Resident[], memory: DemoMemory, server: RunningServer, signal: AbortSignal): Promise<void> {
  for (const { person, phone } of residents) await ensureAccount(phone, person, memory, server);
  const [first, second] = residents as [Resident, Resident];
  if ((await isHere(first.phone)) && (await isHere(second.phone))) await ensureConversation(first, second, memory, signal);
  for (const { person, phone, desk } of residents) {
    if (!(await isHere(phone))) continue;
    await ensureRecoveryCode(phone, person, memory, signal);
    await ensureDesk(phone, desk, person, signal);
  }
}

/** False once the account was restored on somebody's own phone. */
const isHere = async (phone: HawserClient): Promise<boolean> => (await phone.state()).phase === "ready";

async function describe({ person, phone }: Resident, folder: string, memory: DemoMemory): Promise<DemoAccount> {
  const { handle, recoveryCode } = memory.of(person);
  return {
    name: person.displayName,
    handle: handle ?? person.key,
    profile: join(folder, person.key),
    recoveryCode,
    state: (await isHere(phone)) ? "online" : "taken-over",
  };
}
