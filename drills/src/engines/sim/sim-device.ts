/** One device in the simulator: the real client as a process on a virtual machine, and what a person does with it. */
import type { AttemptId, DeviceNumber } from "@hawser/base";
import type { ClientState, DeviceInfo, HawserClient, LinkStatus } from "@hawser/client";
import type { Device as Node } from "@hawser/sim/nodes/device";
import type { Screen } from "../../screens/screen.ts";
import type { BrowserStore, Device, Person, Platform } from "../../stage.ts";
import { accountIdOf, importExport, openAt } from "../client-acts.ts";

export class SimDevice implements Device {
  readonly name: string;
  readonly platform: Platform;
  readonly node: Node;
  readonly screen: Screen;
  readonly #nowMs: () => number;
  #losesDisk = false;

  constructor(parts: { name: string; platform: Platform; node: Node; screen: Screen; nowMs: () => number }) {
    this.name = parts.name;
    this.platform = parts.platform;
    this.node = parts.node;
    this.screen = parts.screen;
    this.#nowMs = parts.nowMs;
    if (parts.platform === "browser") this.node.vault = { record: undefined };
  }

  get client(): HawserClient | undefined {
    return this.node.client;
  }

  get #running(): HawserClient {
    if (this.node.client === undefined) throw new Error(`${this.name} does not run`);
    return this.node.client;
  }

  state(): Promise<ClientState | undefined> {
    return this.node.machine.suspended ? Promise.resolve(undefined) : (this.client?.state() ?? Promise.resolve(undefined));
  }

  link(): Promise<LinkStatus | undefined> {
    return this.client?.linkStatus() ?? Promise.resolve(undefined);
  }

  async beginLink(): Promise<void> {
    if (this.node.client === undefined) await this.start();
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

  texts(): Promise<ReadonlyMap<string, number>> {
    const rows = this.node.disk.rows<{ text: string; count: number }>("SELECT text, count(*) AS count FROM messages GROUP BY text");
    return Promise.resolve(new Map(rows.map(({ text, count }) => [text, count])));
  }

  /** The client keeps its database in the file system and a copy of its keys in IndexedDB; of the others it uses none. */
  lose(stores: readonly BrowserStore[]): Promise<void> {
    if (stores.includes("indexeddb")) this.node.vault = { record: undefined };
    if (stores.includes("file_systems")) this.#losesDisk = true;
    return Promise.resolve();
  }

  setClock(offsetMs: number): Promise<void> {
    this.node.machine.offsetMs = offsetMs;
    return Promise.resolve();
  }

  async start(): Promise<void> {
    if (this.#losesDisk && this.node.client === undefined) this.node.disk.wipe();
    this.#losesDisk = false;
    const client = this.node.start();
    if (client === undefined) return;
    client.subscribe((event) => this.screen.event(event));
    this.screen.state(await client.state());
  }

  kill(): Promise<void> {
    this.node.kill("silent");
    this.screen.off();
    return Promise.resolve();
  }
}
