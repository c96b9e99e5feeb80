/** Who an operation can act on just now, and what people remember between operations. */
import type { HawserClient } from "@hawser/client";
import type { SeededRandom } from "../engine/seeded-random.ts";
import type { Device } from "../nodes/device.ts";
import type { Account, World } from "../nodes/world.ts";
import { LinkPeople } from "./link-people.ts";

export class Cast {
  readonly world: World;
  readonly links: LinkPeople;
  /** Phase as last seen from outside. */
  readonly wiped = new Set<Device>();
  /** Wall-clock trouble is over: nothing new begins. */
  healing = false;
  #labels = 0;

  constructor(world: World) {
    this.world = world;
    this.links = new LinkPeople(this);
  }

  /** A number that no other text of this run has. */
  label(): number {
    return ++this.#labels;
  }

  after(delayMs: number, act: () => void): void {
    this.world.scheduler.after(delayMs, act);
  }

  phone(account: Account): Device {
    return account.devices[0]!;
  }

  /** Devices with a running, awake process. */
  running(devices: readonly Device[] = this.world.devices): Device[] {
    return devices.filter((device) => device.client !== undefined && !device.machine.suspended);
  }

  /** Those that belong to an account, as far as events have told. */
  members(devices?: readonly Device[]): Device[] {
    return this.running(devices).filter(
      (device) => this.world.oracle.numbers.has(device) && !this.world.oracle.revokedSeen.has(device) && !this.wiped.has(device),
    );
  }

  pickMember(random: SeededRandom, devices?: readonly Device[]): { device: Device; client: HawserClient; account: Account } | undefined {
    const members = this.members(devices);
    if (members.length === 0) return undefined;
    const device = random.pick(members);
    return { device, client: device.client!, account: this.world.accountOf(device) };
  }

  companions(account: Account): Device[] {
    return account.devices.slice(1).filter((device) => !this.world.oracle.revokedSeen.has(device) && !this.wiped.has(device));
  }

  pickOther(random: SeededRandom, account: Account): Account {
    return random.pick(this.world.accounts.filter((other) => other !== account));
  }

  note(what: string): void {
    this.world.trace.note(`· ${what}`);
  }
}
