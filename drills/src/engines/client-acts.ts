/** What both engines do alike with a client in front of them. */
import type { AccountId } from "@hawser/base";
import type { HawserClient } from "@hawser/client";
import type { Screen } from "../screens/screen.ts";
import type { Person } from "../stage.ts";

/** The app's first page of a new companion opens by itself at the latest (apps/web/src/app/first-history.tsx). */
const OPEN_AT_LATEST_MS = 14_000;

/** By the rule of the app's first page: as soon as there is a chat, as soon as history is whole, at the latest after its deadline. */
export async function openAt(client: HawserClient, screen: Screen, nowMs: number): Promise<boolean> {
  const { phase, history } = await client.state();
  if (phase !== "ready") return false;
  const sinceMs = screen.phaseAtMs("ready", 0) ?? nowMs;
  return history.kind === "complete" || nowMs - sinceMs >= OPEN_AT_LATEST_MS || (await client.conversations({ limit: 1 })).total > 0;
}

const accounts = new WeakMap<Person, AccountId>();

/** Asked of the phone once, so that it may be gone later. */
export async function accountIdOf(person: Person): Promise<AccountId> {
  const account = accounts.get(person) ?? (await person.phone.state())?.self?.account;
  if (account === undefined) throw new Error(`${person.handle} has no account`);
  accounts.set(person, account);
  return account;
}

/** A chat between two people, as a phone exports it: one line a minute. */
export async function importExport(client: HawserClient, title: string, lines: number): Promise<void> {
  const clock = (n: number): string => `${String(Math.floor(n / 60) % 24).padStart(2, "0")}:${String(n % 60).padStart(2, "0")}`;
  const day = (n: number): string => String(1 + (Math.floor(n / 1_440) % 28)).padStart(2, "0");
  const text = Array.from(
    { length: lines },
    (_, n) => `[${day(n)}.03.24, ${clock(n)}:00] ${n % 2 === 0 ? title : "Me"}: line ${n} of ${title}`,
  );
  const bytes = Buffer.from(text.join("\r\n"));
  const preview = await client.previewImport({
    name: `WhatsApp Chat - ${title}.txt`,
    sizeBytes: bytes.length,
    mediaType: "text/plain",
    read: (offset, sizeBytes) => Promise.resolve(new Uint8Array(bytes.subarray(offset, offset + sizeBytes))),
  });
  await client.runImport({ importId: preview.importId, title: preview.title, self: "Me" });
}
