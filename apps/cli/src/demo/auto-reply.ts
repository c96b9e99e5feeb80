/**
 * Ben answers. Invariant: one answer a message, also over restarts, because the answer's id is made from the question's; what he says
 * makes plain that he is a program.
 */
import { createHash } from "node:crypto";
import { messageIdFromBytes } from "@hawser/base";
import type { HawserClient, MessageView } from "@hawser/sdk";

const FIRST_ANSWER =
  "Hello! I am Ben (demo), a program: my phone runs inside the server's process on your computer. Your message came to me end-to-end encrypted like any other, and so does this answer.";
const ANSWERS = [
  "Got it. (Automatic answer; I only know a few sentences.)",
  "Your message arrived and was read, as the marks beside it say. (Automatic answer)",
  "Try reloading the page, or going offline and back: nothing gets lost. (Automatic answer)",
  "You could link a second device now and watch this chat appear there. (Automatic answer)",
  "Searching finds old messages in all chats, even imported ones. (Automatic answer)",
];
/** Somebody who types fast. */
const THINKING_MS = 1_200;
/** Answers being thought about at a time; whoever floods Ben gets fewer answers. */
const MAX_PENDING = 32;

/** @returns a function that ends it. */
export async function answerAutomatically(ben: HawserClient, signal: AbortSignal): Promise<() => void> {
  const timers = new Map<string, NodeJS.Timeout>();
  const consider = (message: MessageView): void => {
    if (message.outgoing || message.kind !== "text" || timers.has(message.id) || timers.size >= MAX_PENDING || signal.aborted) return;
    timers.set(
      message.id,
      setTimeout(() => {
        void answer(ben, message)
          .catch(() => undefined) // signed out meanwhile, or stopping
          .finally(() => timers.delete(message.id));
      }, THINKING_MS),
    );
  };
  const unsubscribe = ben.subscribe((event) => {
    if (event.type === "message" && event.isNew) consider(event.message);
  });
  // What came while nobody was at home.
  for (const { unread, last } of (await ben.conversations()).items) {
    if (unread > 0 && last !== undefined) consider(last);
  }
  return () => {
    unsubscribe();
    for (const timer of timers.values()) clearTimeout(timer);
  };
}

async function answer(ben: HawserClient, message: MessageView): Promise<void> {
  const { conversation, id } = message;
  const chat = await ben.conversation(conversation);
  if (chat?.contact === undefined) return;
  if (chat.isRequest) await ben.acceptRequest(conversation);
  await ben.markRead(conversation, id);
  const { items } = await ben.messages({ conversation, limit: 50 });
  const said = items.filter((item) => item.outgoing && (item.text === FIRST_ANSWER || ANSWERS.includes(item.text))).length;
  const digest = new Uint8Array(createHash("sha256").update(`hawser demo answer\0${id}`).digest().subarray(0, 16));
  digest[6] = 0x80 | (digest[6]! & 0x0f);
  digest[8] = 0x80 | (digest[8]! & 0x3f);
  await ben.sendMessage({
    conversation,
    text: said === 0 ? FIRST_ANSWER : ANSWERS[(said - 1) % ANSWERS.length]!,
    id: messageIdFromBytes(digest),
    quoted: id,
  });
}
