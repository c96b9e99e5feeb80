/** Who or what a person means by a word on the command line: handle, account, contact's name, chat's title or id. */
import { accountOfConversation, parseAccountId } from "@hawser/base";
import type { Contact, ConversationSummary, HawserClient } from "@hawser/sdk";
import { CliError } from "../error-text.ts";
import { untilOnline } from "./waits.ts";

/** Chats looked through for a title. */
const MAX_CHATS_SEARCHED = 10_000;
const CHATS_PER_PAGE = 500;

const same = (a: string | undefined, b: string): boolean => a !== undefined && a.toLocaleLowerCase() === b.toLocaleLowerCase();

/** Somebody among the contacts. @throws CliError UNKNOWN_CONTACT, AMBIGUOUS_NAME. */
export async function findContact(client: HawserClient, text: string): Promise<Contact> {
  const contact = await lookUpContact(client, text);
  if (contact === undefined) throw new CliError("UNKNOWN_CONTACT", { detail: `Nobody among the contacts is called "${text}".` });
  return contact;
}

async function lookUpContact(client: HawserClient, text: string): Promise<Contact | undefined> {
  const word = text.replace(/^@/, "");
  const contacts = await client.contacts();
  const exact = contacts.find((contact) => contact.account === word) ?? contacts.find((contact) => same(contact.handle, word));
  if (exact !== undefined) return exact;
  const named = text.startsWith("@") ? [] : contacts.filter((contact) => same(contact.name, word));
  if (named.length > 1) throw new CliError("AMBIGUOUS_NAME", { detail: `${named.length} contacts are called "${text}".` });
  return named[0];
}

/** A chat to write to; a handle that is not among the contacts yet is looked up on the server and added. */
export async function findRecipient(client: HawserClient, text: string, signal: AbortSignal): Promise<ConversationSummary> {
  const fromId = accountOfConversation(text as never) ?? parseAccountId(text);
  if (fromId !== undefined) return client.openConversation(fromId);
  const known = await lookUpContact(client, text);
  if (known !== undefined) return client.openConversation(known.account);
  const handle = text.replace(/^@/, "");
  await untilOnline(client, signal);
  const found = /^[a-z][a-z0-9_.]{2,31}$/.test(handle) ? await client.findHandle(handle) : undefined;
  if (found === undefined)
    throw new CliError("HANDLE_UNKNOWN", { detail: `Nobody is called "${text}", neither among the contacts nor on the server.` });
  await client.addContact({ account: found.account, name: handle, handle });
  return client.openConversation(found.account);
}

/** A chat that is there, to read. @throws CliError UNKNOWN_CONVERSATION, AMBIGUOUS_NAME. */
export async function findChat(client: HawserClient, text: string): Promise<ConversationSummary> {
  const byId = /^[agi]:/.test(text) ? await client.conversation(text as never) : undefined;
  if (byId !== undefined) return byId;
  const contact = await lookUpContact(client, text);
  const withContact = contact === undefined ? undefined : await client.conversation(`a:${contact.account}` as never);
  if (withContact !== undefined) return withContact;
  const titled = (await allChats(client)).filter((chat) => same(chat.title, text));
  if (titled.length > 1) throw new CliError("AMBIGUOUS_NAME", { detail: `${titled.length} chats are called "${text}".` });
  if (titled[0] === undefined) throw new CliError("UNKNOWN_CONVERSATION", { detail: `There is no chat "${text}".` });
  return titled[0];
}

/** Open and archived ones. */
export async function allChats(client: HawserClient): Promise<ConversationSummary[]> {
  const found: ConversationSummary[] = [];
  for (const archived of [false, true]) {
    for (let offset = 0; offset < MAX_CHATS_SEARCHED; offset += CHATS_PER_PAGE) {
      const { items, total } = await client.conversations({ archived, offset, limit: CHATS_PER_PAGE });
      found.push(...items);
      if (offset + items.length >= total || items.length === 0) break;
    }
  }
  return found;
}
