/** An account for a demo person, and its recovery code. */
import { OperationalError } from "@hawser/base";
import type { HawserClient } from "@hawser/sdk";
import type { RunningServer } from "@hawser/server";
import { untilOnline } from "../profile/waits.ts";
import type { DemoMemory, Person } from "./memory.ts";

/** `anna`, `anna.demo2`, … when somebody else has the handle. */
const MAX_HANDLES_TRIED = 20;
const INVITATION_LIFETIME_MS = 60_000;

export async function ensureAccount(phone: HawserClient, person: Person, memory: DemoMemory, server: RunningServer): Promise<void> {
  if ((await phone.state()).phase !== "empty") return;
  for (let tried = 0; tried < MAX_HANDLES_TRIED; tried++) {
    const handle = memory.of(person).handle ?? (tried === 0 ? person.key : `${person.key}.demo${tried + 1}`);
    try {
      await phone.createAccount({
        handle,
        displayName: person.displayName,
        deviceName: `${person.shortName}'s phone (demo)`,
        invitation: server.createInvitation({ expiresInMs: INVITATION_LIFETIME_MS }),
      });
      memory.learn(person, { handle });
      return;
    } catch (error) {
      if (!(error instanceof OperationalError) || error.code !== "HANDLE_TAKEN") throw error;
    }
  }
  throw new OperationalError("HANDLE_TAKEN");
}

export async function ensureRecoveryCode(phone: HawserClient, person: Person, memory: DemoMemory, signal: AbortSignal): Promise<void> {
  if (memory.of(person).recoveryCode !== undefined) return;
  await untilOnline(phone, signal);
  // A code that was lost in a crash is replaced: only the newest one opens the account.
  memory.learn(person, { recoveryCode: await phone.createRecoveryCode() });
}
