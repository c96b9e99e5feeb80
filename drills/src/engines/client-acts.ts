/** What both engines do alike with a client in front of them. */
import type { AccountId } from "@hawser/base";
import type { HawserClient } from "@hawser/client";
import type { Screen } from "../screens/screen.ts";
import type { Person } from "../stage.ts";

/** The app's first page of a new companion opens by itself at the latest (apps/web/src/app/first-history.tsx). */
const OPEN_AT_LATEST_MS = 15_000;

/** By the rule of the app's first page: as soon as there is a chat, as soon as history is whole, at the latest after its deadline. */
export async function openAt(client: HawserClient, screen: Screen, nowMs: number): Promise<boolean> {
  const { phase, history } = await client.state();
  if (phase !== "ready") return false;
  const sinceMs = screen.phaseAtMs("ready", 0) ?? nowMs;
  return history.kind === "complete" || nowMs - sinceMs >= OPEN_AT_LATEST_MS || (await client.conversations({ limit: 1 })).total > 0;
}

export async function accountIdOf(person: Person): Promise<AccountId> {
  const account = (await person.phone.state())?.self?.account;
  if (account === undefined) throw new Error(`${person.handle} has no account`);
  return account;
}
