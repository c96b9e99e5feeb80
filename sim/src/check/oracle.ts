/** What the people of a world did and saw: the truth that the checkers compare devices with. */
import { type AccountId, type MessageId, messageIdFromBytes } from "@hawser/base";
import type { ClientEvent } from "@hawser/client";
import type { Directory, Mailboxes } from "@hawser/relay";
import type { Device } from "../nodes/device.ts";
import type { Account, World } from "../nodes/world.ts";

export interface SentMessage {
  readonly id: MessageId;
  readonly text: string;
  readonly from: Device;
  readonly fromAccount: Account;
  readonly toAccount: Account;
  /** The world's time at which a person pressed "send". */
  readonly askedAtMs: number;
  /** The world's time at which the client said that it is durable, in the life that it was asked in. */
  promisedAtMs: number | undefined;
  readonly life: number;
}

export class Oracle {
  readonly #world: World;
  readonly sent = new Map<MessageId, SentMessage>();
  /** Device number of an account → the world's time at which the server published its revocation. */
  readonly revocations = new Map<string, number>();
  /** Texts that a device has shown, by device, with the world's time. */
  readonly seen = new Map<Device, Map<string, number>>();
  /** Who a device is, once it is a member; a profile may be linked again as another number. */
  readonly numbers = new Map<Device, { readonly account: AccountId; readonly device: number }>();
  readonly revokedSeen = new Set<Device>();
  /** Device number of an account → the world's time at which the server first had a list that names it. */
  readonly listedAtMs = new Map<string, number>();
  /** The world's time at which the server first took a message, whether or not its sender ever heard so. */
  readonly takenAtMs = new Map<MessageId, number>();
  /** Device number of an account → the world's time at which its mailbox was last emptied, because it was dormant. */
  readonly emptiedAtMs = new Map<string, number>();
  /** Device numbers of accounts that a person wanted off the list, themselves or by wiping the device. */
  readonly #removalsAsked = new Set<string>();
  /** Disks that were put back from a copy. */
  readonly restored: { readonly device: Device; readonly copiedAtMs: number; readonly restoredAtMs: number }[] = [];
  /** Phones that got their account by its recovery code. */
  readonly recovered = new Set<Device>();
  /** The server's disks, put back from a backup. */
  readonly serverRestored: { readonly copiedAtMs: number; readonly restoredAtMs: number }[] = [];
  /** Who a device was when it said that it is revoked; compared with the directory at the end. */
  readonly signedOut: { readonly device: Device; readonly account: AccountId | undefined; readonly number: number }[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  watchDirectory(directory: Directory): void {
    directory.onChange((entry, _lists, revoked) => {
      for (const device of entry.devices.keys()) {
        const key = `${entry.account}/${device}`;
        if (!this.listedAtMs.has(key)) this.listedAtMs.set(key, this.#world.scheduler.nowMs);
      }
      for (const device of revoked) {
        const key = `${entry.account}/${device}`;
        this.#world.trace.note(`server: ${device} of ${entry.account.slice(0, 6)} is revoked`);
        if (!this.revocations.has(key)) this.revocations.set(key, this.#world.scheduler.nowMs);
      }
    });
  }

  watchMailboxes(mailboxes: Mailboxes): Mailboxes {
    const append = mailboxes.append.bind(mailboxes);
    mailboxes.append = (...parameters) => {
      const id = messageIdFromBytes(parameters[1]);
      if (!this.takenAtMs.has(id)) this.takenAtMs.set(id, this.#world.scheduler.nowMs);
      return append(...parameters);
    };
    const empty = mailboxes.empty.bind(mailboxes);
    mailboxes.empty = (address) => {
      const emptied = empty(address);
      const key = `${address.account}/${address.device}`;
      if (emptied) this.emptiedAtMs.set(key, this.#world.scheduler.nowMs);
      if (emptied) this.#world.trace.note(`server: the mailbox of ${address.device} of ${address.account.slice(0, 6)} is emptied`);
      return emptied;
    };
    return mailboxes;
  }

  removalAsked(account: Account, device: number): void {
    this.#removalsAsked.add(`${account.id}/${device}`);
  }

  wasRemovalAsked(account: AccountId, device: number): boolean {
    return this.#removalsAsked.has(`${account}/${device}`);
  }

  event(device: Device, event: ClientEvent): void {
    if (event.type === "message" && !event.message.outgoing && event.message.kind === "text") this.#shown(device, event.message.text);
    if (event.type === "state") this.#state(device, event);
  }

  #shown(device: Device, text: string): void {
    let texts = this.seen.get(device);
    if (texts === undefined) {
      texts = new Map();
      this.seen.set(device, texts);
    }
    if (!texts.has(text)) texts.set(text, this.#world.scheduler.nowMs);
  }

  #state(device: Device, { state }: Extract<ClientEvent, { type: "state" }>): void {
    if (state.self !== undefined) this.numbers.set(device, { account: state.self.account, device: state.self.device });
    if (state.phase !== "revoked" || this.revokedSeen.has(device)) return;
    this.revokedSeen.add(device);
    const was = this.numbers.get(device);
    this.signedOut.push({ device, account: was?.account, number: was?.device ?? 0 });
    this.#world.trace.note(`${device.name} is in phase revoked`);
  }
}
