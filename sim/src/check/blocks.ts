/**
 * Who blocks whom. Messages of a blocked account are dropped by the server, and by each device that knows; so what is written between the first
 * word of a block and the moment in which all devices and the server agree that there is none may be on all devices of the one who blocks, on some or on none.
 * Whether somebody is blocked is the same everywhere in the end, at the server, too: else people would miss messages and nobody could tell why.
 */
import { accountIdToBytes, messageIdToBytes, toHex } from "@hawser/base";
import type { Account } from "../nodes/account.ts";
import type { Device } from "../nodes/device.ts";
import type { World } from "../nodes/world.ts";
import type { SentMessage } from "./oracle.ts";
import type { RuleName } from "./violation.ts";

interface Window {
  readonly account: Account;
  readonly other: Account;
  changedAtMs: number;
  untilMs: number;
}

const blocksOnDisk = (device: Device, other: Account): boolean =>
  // A store that was lost has no tables.
  device.disk.rows("SELECT 1 FROM sqlite_schema WHERE name = 'contacts'").length > 0 &&
  device.disk.rows<{ blocked: number }>("SELECT blocked FROM contacts WHERE account = ?", other.id!)[0]?.blocked === 1;

export class BlockWatch {
  readonly #world: World;
  readonly #windows: Window[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** Somebody changes their mind. True: nobody had before, or all was settled. */
  begin(account: Account, other: Account): boolean {
    const { nowMs } = this.#world.scheduler;
    const open = this.#windows.find((window) => window.account === account && window.other === other && window.untilMs > nowMs);
    if (open !== undefined) open.changedAtMs = nowMs;
    else this.#windows.push({ account, other, changedAtMs: nowMs, untilMs: Number.POSITIVE_INFINITY });
    return open === undefined;
  }

  /** Ends what is settled. True: something is not. */
  settle(members: (account: Account) => readonly Device[]): boolean {
    for (const window of this.#windows.filter(({ untilMs }) => untilMs === Number.POSITIVE_INFINITY)) {
      const { account, other } = window;
      const isSettled = members(account).every((device) => !blocksOnDisk(device, other)) && !this.#atServer(account, other);
      if (isSettled) window.untilMs = this.#world.scheduler.nowMs;
    }
    return this.#windows.some(({ untilMs }) => untilMs === Number.POSITIVE_INFINITY);
  }

  /** It may be missing with whoever it was for. */
  mayBeDropped({ fromAccount, toAccount, askedAtMs }: SentMessage): boolean {
    return this.#windows.some(({ account, other, untilMs }) => account === toAccount && other === fromAccount && askedAtMs <= untilMs);
  }

  /** Whoever is blocked, or was when something went wrong, asks that account in vain: what could not be read of it stays so. */
  asksInVain(account: Account, sender: string): boolean {
    return this.#windows.some((window) => window.other === account && window.account.id === sender);
  }

  /** What the devices of an account need not have in common: ids of messages, and of the conversations that they are in. */
  apart(account: Account): ReadonlySet<string> {
    const messages = [...this.#world.oracle.sent.values()].filter(
      (message) => message.toAccount === account && (this.mayBeDropped(message) || this.asksInVain(account, message.fromAccount.id!)),
    );
    const conversations = this.#windows.flatMap((window) =>
      window.account === account ? [`a:${window.other.id}`] : window.other === account ? [`a:${window.account.id}`] : [],
    );
    return new Set([...messages.map(({ id }) => toHex(messageIdToBytes(id)).toUpperCase()), ...conversations]);
  }

  /** `members`: of the account. Who restored it without another device knows of no block until its person says so. */
  check(account: Account, members: readonly Device[], add: (rule: RuleName, text: string) => void): void {
    const { oracle } = this.#world;
    const newPhones = account.devices.filter((device) => oracle.recovered.has(device));
    const recoveredAtMs = Math.max(
      0,
      ...newPhones.map((device) => oracle.listedAtMs.get(`${account.id}/${oracle.numbers.get(device)?.device}`) ?? 0),
    );
    // A server that was put back does not know what it was told since its copy.
    const putBackAtMs = Math.max(0, ...oracle.serverRestored.map(({ restoredAtMs }) => restoredAtMs));
    const windows = this.#windows.filter(
      (window) => window.account === account && window.changedAtMs > Math.max(recoveredAtMs, putBackAtMs),
    );
    for (const { other, changedAtMs } of windows) {
      const atServer = this.#atServer(account, other);
      for (const device of members)
        if (blocksOnDisk(device, other) !== atServer)
          add(
            "devices agree",
            `${other.handle} is ${atServer ? "" : "not "}blocked by ${account.handle} at the server, otherwise on ${device.name} (${changedAtMs})`,
          );
    }
  }

  #atServer(account: Account, other: Account): boolean {
    const ids = [account, other].map(({ id }) => accountIdToBytes(id!)) as [Uint8Array, Uint8Array];
    return this.#world.server.disks.directory.rows("SELECT 1 FROM blocks WHERE recipient = ? AND sender = ?", ...ids).length > 0;
  }
}
