/** What the demo people have talked about: a past that is imported like any exported chat, and a present that is really sent. */
import type { HawserClient } from "@hawser/sdk";
import { fileSourceOfBytes } from "@hawser/sdk";
import { CliError } from "../error-text.ts";
import { untilOnline, untilSent } from "../profile/waits.ts";
import { readConversation, readGroupChats } from "./demo-texts.ts";
import { type ExportedMessage, exportChat } from "./export-chat.ts";
import type { DemoMemory, Person } from "./memory.ts";
import { pastTimes } from "./past-times.ts";

interface Resident {
  readonly person: Person;
  readonly phone: HawserClient;
}

const DAY_MS = 86_400_000;
const CONVERSATION_DAYS = 45;

/** From whom, and what. Sent in this order, each after the one before has left. */
const LIVE: readonly (readonly ["first" | "second", string])[] = [
  ["second", "Did the move to the new server work out?"],
  ["first", "It did. Everything you see above came along."],
  ["second", "Nice. Write me something and I will answer (I am a program, so do not expect too much)."],
];

export async function ensureConversation(first: Resident, second: Resident, memory: DemoMemory, signal: AbortSignal): Promise<void> {
  if (memory.conversationMade) return;
  await untilOnline(first.phone, signal);
  await untilOnline(second.phone, signal);
  const toSecond = await meet(first, second, memory);
  const toFirst = await meet(second, first, memory);

  const texts = readConversation();
  const times = pastTimes(texts.length, memory.startedAtMs, CONVERSATION_DAYS);
  const names = [first.person.shortName, second.person.shortName];
  const past = texts.map((text, index): ExportedMessage => ({ sender: names[speaker(index)]!, text, atMs: times[index]! }));
  await importChat(first, "Ben", past, toSecond);
  await importChat(second, "Anna", past, toFirst);
  for (const [index, { title, messages }] of readGroupChats().entries()) {
    const endMs = memory.startedAtMs - (index + 1) * 2 * DAY_MS;
    const groupTimes = pastTimes(messages.length, endMs, 2);
    await importChat(
      first,
      title,
      messages.map(({ sender, text }, at) => ({ sender, text, atMs: groupTimes[at]! })),
      undefined,
    );
  }

  for (const [index, [who, text]] of LIVE.entries()) {
    const [sender, conversation] = who === "first" ? [first.phone, toSecond] : [second.phone, toFirst];
    await sender.sendMessage({ conversation, text, id: memory.messageId(index) });
    await untilSent(sender, signal);
  }
  memory.setConversationMade();
}

type Conversation = Awaited<ReturnType<HawserClient["openConversation"]>>["id"];

async function meet(self: Resident, other: Resident, memory: DemoMemory): Promise<Conversation> {
  const handle = memory.of(other.person).handle;
  const found = handle === undefined ? undefined : await self.phone.findHandle(handle);
  if (found === undefined) throw new CliError("HANDLE_UNKNOWN");
  await self.phone.addContact({ account: found.account, handle: found.handle, name: other.person.displayName });
  return (await self.phone.openConversation(found.account)).id;
}

/** Importing the same chat again adds nothing: that is the importer's own promise. */
async function importChat(
  { person, phone }: Resident,
  title: string,
  messages: readonly ExportedMessage[],
  into: Conversation | undefined,
): Promise<void> {
  const bytes = new TextEncoder().encode(exportChat(messages));
  const preview = await phone.previewImport(fileSourceOfBytes(`WhatsApp Chat - ${title}.txt`, "text/plain", bytes));
  await phone.runImport({
    importId: preview.importId,
    title,
    self: person.shortName,
    dateOrder: "day-first",
    ...(into === undefined ? {} : { intoConversation: into }),
  });
}

/** 0 or 1: people write one to three messages in a row. */
function speaker(index: number): 0 | 1 {
  const PATTERN = [0, 1, 1, 0, 1, 0, 0, 0, 1, 0, 1, 1] as const;
  return PATTERN[index % PATTERN.length]!;
}
