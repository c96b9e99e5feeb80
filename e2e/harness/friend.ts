/** Another person with a phone, as a program on the SDK: the other end of chats, and the phone of companions when no phone page is needed. */
import { join } from "node:path";
import type { AttemptId, ConversationId, MessageId } from "@hawser/base";
import type { HawserClient, LinkStatus } from "@hawser/sdk";
import { openNodeClient } from "@hawser/sdk/node";
import type { CompanionApp } from "./companion-app.ts";
import { codeOnScreen } from "./read-code.ts";
import { REAL_TEXTS } from "./real-texts.ts";
import type { World } from "./world.ts";
import { until } from "./until.ts";

const DELIVERY_TIMEOUT_MS = 15_000;

export interface OpenedCode {
  readonly attempt: AttemptId;
  readonly matchCode: string;
}

export class Friend {
  readonly client: HawserClient;
  /** Every text that arrived, in the order in which it did, as often as it did. */
  readonly received: string[] = [];
  #link: LinkStatus | undefined;
  #conversation: ConversationId | undefined;
  readonly #unread = new Map<ConversationId, MessageId>();

  constructor(client: HawserClient) {
    this.client = client;
    client.subscribe((event) => {
      if (event.type === "link") this.#link = event.link;
      if (event.type !== "message" || !event.isNew || event.message.outgoing || event.message.kind !== "text") return;
      this.received.push(event.message.text);
      this.#conversation = event.message.conversation;
      this.#unread.set(event.message.conversation, event.message.id);
    });
  }

  async receives(text: string): Promise<void> {
    await until(`“${text}” arrives`, () => this.received.includes(text), DELIVERY_TIMEOUT_MS);
  }

  /** Answers in the chat that was used last. Accepts a stranger first, as a person does by answering. */
  async sends(text: string): Promise<void> {
    const conversation = this.#conversation;
    if (conversation === undefined) throw new Error("there is nobody to answer");
    const summary = await this.client.conversation(conversation);
    if (summary?.isRequest === true) await this.client.acceptRequest(conversation);
    await this.client.sendMessage({ conversation, text });
  }

  async readsAll(): Promise<void> {
    for (const [conversation, message] of this.#unread) {
      await this.client.acceptRequest(conversation);
      await this.client.markRead(conversation, message);
    }
    this.#unread.clear();
  }

  async opensChatWith(handle: string): Promise<ConversationId> {
    const found = await this.client.findHandle(handle);
    if (found === undefined) throw new Error(`nobody is called ${handle}`);
    await this.client.addContact({ ...found, name: handle });
    this.#conversation = (await this.client.openConversation(found.account)).id;
    return this.#conversation;
  }

  /** Reads the code from the companion's screen, until the two can compare. */
  async opensCodeOf(companion: CompanionApp): Promise<OpenedCode> {
    await this.client.openLinkCode(await codeOnScreen(companion.page));
    return until("there is a match code", async () => {
      const { attempt, matchCode } = this.#link ?? {};
      return attempt === undefined || matchCode === undefined ? undefined : { attempt, matchCode };
    });
  }

  async isOffline(): Promise<void> {
    await until("the phone is offline", async () => (await this.client.state()).connection.kind === "offline");
  }

  async approves({ attempt }: OpenedCode): Promise<void> {
    await this.client.approveLink(attempt);
  }
}

export async function startFriend(world: World, serverUrl: string, who: { handle: string; name: string }): Promise<Friend> {
  const client = openNodeClient({ profileDir: join(world.folder, `friend-${who.handle}`), serverUrl });
  world.atEnd(() => client.close());
  await client.createAccount({ handle: who.handle, displayName: who.name, deviceName: `${who.name}'s phone` });
  return new Friend(client);
}

/** Two people who know each other: `self` has written to `friend` once. */
export async function startPair(world: World, serverUrl: string): Promise<{ self: Friend; friend: Friend }> {
  const self = await startFriend(world, serverUrl, { handle: "elif", name: "Elif" });
  const friend = await startFriend(world, serverUrl, { handle: "mert", name: "Mert" });
  await self.opensChatWith("mert");
  await self.sends(REAL_TEXTS[0]!);
  await friend.receives(REAL_TEXTS[0]!);
  friend.received.length = 0;
  return { self, friend };
}

/** A link without anything special about it, for stories about something else. */
export async function linkTo(companion: CompanionApp, phone: Friend): Promise<void> {
  const opened = await phone.opensCodeOf(companion);
  await phone.approves(opened);
  await companion.chats.isReady();
}
