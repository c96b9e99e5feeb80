/** A device on the SDK: real sockets, a real database in a folder. Phones, and companions in a terminal. */
import type { AttemptId, ConversationId, DeviceNumber } from "@hawser/base";
import type { ClientState, DeviceInfo, HawserClient, LinkStatus } from "@hawser/client";
import type { Screen } from "../../screens/screen.ts";
import type { Device, Person, Platform } from "../../stage.ts";
import { accountIdOf, importExport, openAt } from "../client-acts.ts";
import type { SkewedClock } from "./skewed-clock.ts";

const PAGE = 200;

export interface SdkDeviceParts {
  readonly name: string;
  readonly platform: Platform;
  readonly screen: Screen;
  readonly nowMs: () => number;
  readonly clock: SkewedClock;
  readonly open: () => HawserClient;
}

export class SdkDevice implements Device {
  readonly name: string;
  readonly platform: Platform;
  readonly screen: Screen;
  #open: () => HawserClient;
  readonly #nowMs: () => number;
  readonly #clock: SkewedClock;
  client: HawserClient | undefined;

  constructor(parts: SdkDeviceParts) {
    this.name = parts.name;
    this.platform = parts.platform;
    this.screen = parts.screen;
    this.#nowMs = parts.nowMs;
    this.#clock = parts.clock;
    this.#open = parts.open;
  }

  get #running(): HawserClient {
    if (this.client === undefined) throw new Error(`${this.name} does not run`);
    return this.client;
  }

  state(): Promise<ClientState | undefined> {
    return this.client?.state() ?? Promise.resolve(undefined);
  }

  link(): Promise<LinkStatus | undefined> {
    return this.client?.linkStatus() ?? Promise.resolve(undefined);
  }

  async beginLink(): Promise<void> {
    await this.#running.startLink({ deviceName: this.name, platform: this.platform });
  }

  cancelLink(): Promise<void> {
    return this.#running.cancelLink();
  }

  async scan(code: string): Promise<void> {
    await this.#running.openLinkCode(code);
  }

  approve(attempt: AttemptId, restore?: DeviceNumber): Promise<void> {
    return this.#running.approveLink(attempt, restore === undefined ? {} : { restore });
  }

  devices(): Promise<readonly DeviceInfo[]> {
    return this.#running.devices();
  }

  async befriend(other: Person): Promise<void> {
    await this.#running.addContact({ account: await accountIdOf(other), name: other.name, handle: other.handle });
  }

  async send(to: Person, text: string): Promise<void> {
    const conversation = await this.#running.openConversation(await accountIdOf(to));
    await this.#running.sendMessage({ conversation: conversation.id, text });
  }

  importChat(title: string, lines: number): Promise<void> {
    return importExport(this.#running, title, lines);
  }

  askForHistory(): Promise<void> {
    return this.#running.requestHistory();
  }

  async usable(): Promise<boolean> {
    return this.client !== undefined && openAt(this.client, this.screen, this.#nowMs());
  }

  async texts(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    const { items } = await this.#running.conversations({ limit: PAGE });
    for (const { id } of items) {
      for await (const text of this.#textsOf(id)) counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    return counts;
  }

  async *#textsOf(conversation: ConversationId): AsyncGenerator<string> {
    let beforeOrder: number | undefined;
    for (;;) {
      const page = await this.#running.messages({ conversation, limit: PAGE, ...(beforeOrder === undefined ? {} : { beforeOrder }) });
      for (const { text } of page.items) yield text;
      const oldest = page.items.reduce((least, { order }) => Math.min(least, order), Number.POSITIVE_INFINITY);
      if (!page.hasOlder || page.items.length === 0) return;
      beforeOrder = oldest;
    }
  }

  lose(): Promise<void> {
    throw new Error("this is no browser");
  }

  setClock(offsetMs: number): Promise<void> {
    this.#clock.offsetMs = offsetMs;
    return Promise.resolve();
  }

  async start(): Promise<void> {
    this.client = this.#open();
    this.client.subscribe((event) => this.screen.event(event));
    this.screen.state(await this.client.state());
  }

  /** Another program on the same profile. */
  async replaceProgram(open: () => HawserClient): Promise<void> {
    await this.kill();
    this.#open = open;
    await this.start();
  }

  async kill(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    await client?.close();
    this.screen.off();
  }
}
