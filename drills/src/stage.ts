/**
 * What a drill can do, whatever runs it: virtual time and simulated networks, or processes, sockets and a browser. Times are
 * milliseconds since the drill began, by the world's clock.
 */
import type { AttemptId, DeviceNumber } from "@hawser/base";
import type { ClientState, DeviceInfo, HawserClient, LinkStatus } from "@hawser/client";
import type { FaultyFront } from "./front/faulty-front.ts";
import type { Ledger } from "./ledger.ts";
import type { EngineName, Figure } from "./scenario.ts";
import type { Screen } from "./screens/screen.ts";
import type { Story } from "./story.ts";

export type Platform = "android" | "ios" | "browser" | "terminal";

/** What stands between a device and the server. */
export interface Way {
  readonly upgrade: "works" | "stripped" | "503" | "hangs";
  /** Answers are held back until they have ended: a stream never has. */
  readonly holdsBack?: boolean;
  /** Every connection is cut after so long. */
  readonly cutsAfterMs?: number;
}

/** What a browser keeps for a page, by the names that browsers clear it by. */
export type BrowserStore = "cookies" | "local_storage" | "cache_storage" | "indexeddb" | "file_systems";

export interface Device {
  readonly name: string;
  readonly platform: Platform;
  /** What this device has shown, with times. */
  readonly screen: Screen;
  /** `undefined` while it does not run. */
  state(): Promise<ClientState | undefined>;
  link(): Promise<LinkStatus | undefined>;
  beginLink(): Promise<void>;
  cancelLink(): Promise<void>;
  /** The phone's camera. */
  scan(code: string): Promise<void>;
  /** `restore`: it is that device of the list, which has lost what it kept. */
  approve(attempt: AttemptId, restore?: DeviceNumber): Promise<void>;
  /** The list, as the phone shows it. */
  devices(): Promise<readonly DeviceInfo[]>;
  /** The browser clears these, now. What runs keeps what it holds open until it ends. */
  lose(stores: readonly BrowserStore[]): Promise<void>;
  /** As somebody who knows the other's handle. */
  befriend(other: Person): Promise<void>;
  /** Durable in the outbox when it resolves. */
  send(to: Person, text: string): Promise<void>;
  /** A chat of so many lines that another program exported. */
  importChat(title: string, lines: number): Promise<void>;
  askForHistory(): Promise<void>;
  /** Whether a person can read chats and write now. */
  usable(): Promise<boolean>;
  /** How often each text stands on this device. */
  texts(): Promise<ReadonlyMap<string, number>>;
  /** From now on its clock is so far from the right time. */
  setClock(offsetMs: number): Promise<void>;
  start(): Promise<void>;
  kill(): Promise<void>;
}

/** Phones are clients without a page on both engines. */
export interface Phone extends Device {
  /** `undefined` while it does not run. */
  readonly client: HawserClient | undefined;
}

/** When a phone is frozen or killed: at a commit of its disk in the simulator, at a frame that it sends with real processes. */
export interface Moment {
  readonly step: number;
  readonly when: "before" | "after";
}

export interface Interruption {
  /** When the phone was back; `undefined` when nothing interrupted it so far. */
  endedAtMs: number | undefined;
}

export interface Person {
  readonly handle: string;
  readonly name: string;
  readonly phone: Phone;
  readonly companions: Device[];
}

export type RoleName = "mailbox" | "directory" | "prekeys" | "rendezvous" | "blobs";

export interface Stage {
  readonly engine: EngineName;
  readonly size: number;
  readonly story: Story;
  readonly front: FaultyFront;
  readonly ledger: Ledger;
  readonly people: readonly Person[];
  nowMs(): number;
  measure(figure: string, value: Figure): void;
  after(delayMs: number, act: () => void): void;
  wait(durationMs: number): Promise<void>;
  /** Time in which nothing is looked at: whole in the simulator, a moment with real processes. */
  pass(durationMs: number): Promise<void>;
  /** Lets the world go on until the probe says yes: the time at which it did, `undefined` after `timeoutMs`. */
  until(probe: () => boolean | Promise<boolean>, timeoutMs: number): Promise<number | undefined>;
  /** Lets the world go on until a promise of a client settles. */
  settle<T>(promise: Promise<T>): Promise<T>;
  /** The device is on that network from now on; what it had open is cut. Only where the scenario's devices stand `behindProxies`. */
  moveTo(device: Device, network: string, way: Way): void;
  /** Upgrades that this device has tried so far, whatever they met. */
  upgradesTried(device: Device): number;
  /** Requests for blobs meet this instead of the server. */
  blobs(answers: "works" | "hangs" | number): void;
  /** The server is started anew and keeps so many messages for a device that is away. */
  limitMailboxes(maxMessages: number): Promise<void>;
  /** Deliveries that the server dropped before their device, away until now, had them. */
  droppedMessages(): number;
  /** The system of their phone freezes or kills it at that moment from now on, and lets it run again after `awayMs`. */
  interrupt(person: Person, moment: Moment, how: "killed" | "frozen", awayMs: number): Promise<Interruption>;
  /** A copy of everything that this device keeps; gives what puts it back, which has to be done while it is off. */
  imageOf(device: Device): Promise<() => Promise<void>>;
  /** A backup of the server; gives what ends the server and goes on from it. */
  backUpServer(): Promise<() => Promise<void>>;
  /** Every connection breaks, once. */
  cutAll(): void;
  takeOut(role: RoleName): Promise<void>;
  putBack(role: RoleName): Promise<void>;
  /** A person with a phone and a new account. */
  person(handle: string, platform: Platform): Promise<Person>;
  /** A device that belongs to nobody yet, in front of that person. */
  newCompanion(person: Person, platform: Platform): Promise<Device>;
}
