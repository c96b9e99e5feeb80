/** The stage on virtual time: the simulator's nodes, network, clocks and disks, with the drill's front before the gateway. */
import { ProcessDied } from "@hawser/sim/engine/machine";
import { installSyncSubtle } from "@hawser/sim/engine/sync-subtle";
import type { VirtualConnection } from "@hawser/sim/engine/virtual-connection";
import { ROLES } from "@hawser/sim/nodes/virtual-server";
import { describeFault, World, type Account } from "@hawser/sim/nodes/world";
import { FaultyFront, type Peer } from "../../front/faulty-front.ts";
import { Ledger } from "../../ledger.ts";
import type { Figure } from "../../scenario.ts";
import { Screen } from "../../screens/screen.ts";
import type { Device, Interruption, Moment, Person, Platform, RoleName, Stage, Way } from "../../stage.ts";
import { Story } from "../../story.ts";
import { DROPPED } from "../server-figures.ts";
import { SimDevice } from "./sim-device.ts";

/** A client's promise that takes longer has been forgotten by somebody. */
const SETTLE_LIMIT_MS = 120_000;
const LOOK_EVERY_MS = 50;

export interface SimPerson extends Person {
  readonly phone: SimDevice;
  readonly companions: SimDevice[];
  readonly account: Account;
}

/** For drills that only virtual time can play: clocks, disks and frozen processes are its alone. */
export function simulated(stage: Stage): SimStage {
  if (!(stage instanceof SimStage)) throw new Error("this drill plays in the simulator only");
  return stage;
}

export class SimStage implements Stage {
  readonly engine = "simulator";
  readonly size: number;
  readonly world: World;
  readonly story: Story;
  readonly front = new FaultyFront();
  readonly ledger = new Ledger();
  readonly figures = new Map<string, Figure>();
  readonly people: SimPerson[] = [];
  readonly #platforms = new Map<string, Platform>();
  readonly #startedMs: number;
  readonly #undo: (() => void)[] = [];

  constructor(options: { seed: number; size: number; behindProxies: boolean; follow?: (line: string) => void }) {
    this.size = options.size;
    this.#undo.push(installSyncSubtle());
    this.world = new World({
      seed: options.seed,
      fallbacks: options.behindProxies ? "connections" : "none",
      ...(options.follow === undefined ? {} : { follow: options.follow }),
    });
    this.#startedMs = this.world.scheduler.nowMs;
    this.story = new Story(() => this.nowMs());
    this.#standBeforeTheGateway();
    const onRejection = (reason: unknown): void => {
      if (!(reason instanceof ProcessDied)) this.world.violations.add("no fault inside", `unhandled: ${describeFault(reason)}`);
    };
    for (const name of ["unhandledRejection", "uncaughtException"] as const) {
      process.on(name, onRejection);
      this.#undo.push(() => process.off(name, onRejection));
    }
    this.world.server.start();
  }

  #standBeforeTheGateway(): void {
    const peers = new WeakMap<VirtualConnection, Peer>();
    const peerOf = (connection: VirtualConnection): Peer => {
      let peer = peers.get(connection);
      if (peer === undefined) {
        const platform = this.#platforms.get(connection.device) ?? "browser";
        peer = { platform, send: (frame) => connection.frontSends(frame), close: (code) => connection.serverCloses(code, "") };
        peers.set(connection, peer);
      }
      return peer;
    };
    this.world.network.front = {
      frame: (connection, bytes) => this.front.takes(peerOf(connection), bytes),
      answer: (connection, bytes) => this.front.withholds(peerOf(connection), bytes),
      closed: (connection) => this.front.closed(peerOf(connection)),
    };
  }

  nowMs(): number {
    return this.world.scheduler.nowMs - this.#startedMs;
  }

  measure(figure: string, value: Figure): void {
    this.figures.set(figure, value);
  }

  after(delayMs: number, act: () => void): void {
    this.world.scheduler.after(delayMs, act);
  }

  wait(durationMs: number): Promise<void> {
    return this.world.scheduler.run(durationMs);
  }

  pass(durationMs: number): Promise<void> {
    return this.wait(durationMs);
  }

  async until(probe: () => boolean | Promise<boolean>, timeoutMs: number): Promise<number | undefined> {
    const endMs = this.nowMs() + timeoutMs;
    for (;;) {
      if (await probe()) return this.nowMs();
      if (this.nowMs() >= endMs) return undefined;
      await this.wait(LOOK_EVERY_MS);
    }
  }

  async settle<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const watched = promise.finally(() => (settled = true));
    watched.catch(() => undefined);
    await this.world.scheduler.run(0, () => settled);
    if (!settled) await this.world.scheduler.run(SETTLE_LIMIT_MS, () => settled);
    if (!settled) throw new Error("a promise of a client did not settle");
    return watched;
  }

  moveTo(device: Device, network: string, way: Way): void {
    const { node } = device as SimDevice;
    const { network: wires } = this.world;
    const path = wires.path(node.name);
    node.network = network;
    path.manners = {
      websocket: way.upgrade === "hangs" || way.upgrade === "works" ? way.upgrade : "refused",
      sse: way.holdsBack === true ? "holds back" : "works",
      poll: "works",
    };
    path.cutsAfterMs = way.cutsAfterMs;
    wires.cut(node.name, "reset");
    void node.client?.networkHint("changed");
  }

  upgradesTried(device: Device): number {
    return this.world.network.path((device as SimDevice).node.name).upgradesTried;
  }

  blobs(answers: "works" | "hangs" | number): void {
    this.world.httpFaults.answers = answers;
  }

  async limitMailboxes(maxMessages: number): Promise<void> {
    const { server } = this.world;
    await this.settle(server.stop());
    server.mailboxLimits = { maxMessages };
    server.start();
  }

  droppedMessages(): number {
    return this.world.server.disks.mailbox.rows<{ dropped: number }>(DROPPED)[0]!.dropped;
  }

  interrupt(person: Person, { step, when }: Moment, how: "killed" | "frozen", awayMs: number): Promise<Interruption> {
    const phone = person.phone as SimDevice;
    const { node } = phone;
    const interruption: Interruption = { endedAtMs: undefined };
    const back = (act: () => unknown): void =>
      this.after(awayMs, () => {
        interruption.endedAtMs = this.nowMs();
        void act();
      });
    node.disk.order = {
      commitsLeft: step,
      when,
      die: () => {
        if (how === "killed") {
          node.kill("silent");
          return back(() => phone.start());
        }
        node.machine.suspend();
        this.world.network.cut(node.name, "silent");
        back(() => node.machine.wake());
      },
    };
    return Promise.resolve(interruption);
  }

  imageOf(device: Device): Promise<() => Promise<void>> {
    const { node } = device as SimDevice;
    const [disk, vault] = [node.disk.copy(), node.vault];
    return Promise.resolve(() => {
      node.disk.restore(disk);
      node.vault = vault;
      return Promise.resolve();
    });
  }

  /** Harder than an operator's own backup: the copies are put back as they are, nothing is cut off. */
  backUpServer(): Promise<() => Promise<void>> {
    const { server } = this.world;
    const copies = ROLES.map((role) => [role, server.disks[role].copy()] as const);
    return Promise.resolve(() => {
      server.kill("reset");
      for (const [role, copy] of copies) server.disks[role].restore(copy);
      server.start();
      return Promise.resolve();
    });
  }

  cutAll(): void {
    for (const { name } of this.world.devices) this.world.network.cut(name, "reset");
  }

  takeOut(role: RoleName): Promise<void> {
    this.world.server.disks[role].outOfService = true;
    return Promise.resolve();
  }

  putBack(role: RoleName): Promise<void> {
    this.world.server.disks[role].outOfService = false;
    return Promise.resolve();
  }

  async person(handle: string, platform: Platform): Promise<SimPerson> {
    const account: Account = { handle, id: undefined, devices: [] };
    this.world.accounts.push(account);
    const name = handle.charAt(0).toUpperCase() + handle.slice(1);
    const phone = this.#device(account, `${name}'s phone`, platform);
    await phone.start();
    const self = await this.settle(phone.client!.createAccount({ handle, displayName: name, deviceName: phone.name }));
    account.id = self.account;
    const person: SimPerson = { handle, name, phone, companions: [], account };
    this.people.push(person);
    return person;
  }

  async newCompanion(person: Person, platform: Platform): Promise<SimDevice> {
    const { account, companions, name } = person as SimPerson;
    const device = this.#device(account, `${name}'s ${platform}${companions.length === 0 ? "" : ` ${companions.length + 1}`}`, platform);
    companions.push(device);
    await device.start();
    return device;
  }

  #device(account: Account, name: string, platform: Platform): SimDevice {
    this.#platforms.set(name, platform);
    const screen = new Screen(this, (saying) => this.story.screen(name, `“${saying.text}”`));
    return new SimDevice({ name, platform, node: this.world.addDevice(account, name), screen, nowMs: () => this.nowMs() });
  }

  close(): void {
    this.world.close();
    for (const undo of this.#undo.reverse()) undo();
  }
}
