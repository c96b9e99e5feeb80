/** Who an operation can act on just now, and what people remember between operations. */
import type { HawserClient } from "@hawser/client";
import type { SeededRandom } from "../engine/seeded-random.ts";
import type { Device } from "../nodes/device.ts";
import { type Account, phoneOf } from "../nodes/account.ts";
import type { World } from "../nodes/world.ts";
import { LinkPeople } from "./link-people.ts";
import { MovePeople } from "./move-people.ts";
import { RecoveryPeople } from "./recovery-people.ts";

export class Cast {
  readonly world: World;
  readonly links: LinkPeople;
  readonly moves: MovePeople;
  readonly recoveries: RecoveryPeople;
  /** Devices that were made to be their accounts' phones after the first. */
  readonly newPhones = new Set<Device>();
  /** Phase as last seen from outside. */
  readonly wiped = new Set<Device>();
  /** What devices were before they lost their stores, where they are something else now. */
  readonly leftBehind: { readonly account: Account; readonly number: number }[] = [];
  /** Wall-clock trouble is over: nothing new begins. */
  healing = false;
  #labels = 0;

  constructor(world: World) {
    this.world = world;
    this.links = new LinkPeople(this);
    this.moves = new MovePeople(this);
    this.recoveries = new RecoveryPeople(this);
  }

  /** A number that no other text of this run has. */
  label(): number {
    return ++this.#labels;
  }

  after(delayMs: number, act: () => void): void {
    this.world.scheduler.after(delayMs, act);
  }

  phone(account: Account): Device {
    return phoneOf(account);
  }

  /** Whether it is or was one. */
  isPhone(device: Device): boolean {
    return this.newPhones.has(device) || device === this.world.accountOf(device).devices[0];
  }

  /** Devices with a running, awake process. */
  running(devices: readonly Device[] = this.world.devices): Device[] {
    return devices.filter((device) => device.client !== undefined && !device.machine.suspended);
  }

  isMember(device: Device): boolean {
    const { numbers, revokedSeen } = this.world.oracle;
    return numbers.has(device) && !revokedSeen.has(device) && !this.wiped.has(device) && !this.links.isLost(device);
  }

  /** Those that belong to an account, as far as events have told. */
  members(devices?: readonly Device[]): Device[] {
    return this.running(devices).filter((device) => this.isMember(device));
  }

  pickMember(random: SeededRandom, devices?: readonly Device[]): { device: Device; client: HawserClient; account: Account } | undefined {
    const members = this.members(devices);
    if (members.length === 0) return undefined;
    const device = random.pick(members);
    return { device, client: device.client!, account: this.world.accountOf(device) };
  }

  companions(account: Account): Device[] {
    return account.devices.filter(
      (device) => !this.isPhone(device) && !this.world.oracle.revokedSeen.has(device) && !this.wiped.has(device),
    );
  }

  pickOther(random: SeededRandom, account: Account): Account {
    return random.pick(this.world.accounts.filter((other) => other !== account));
  }

  /** What somebody is still about, now that everything works. */
  *busy(): Generator<string> {
    if (this.links.busy) yield "a link";
    if (this.moves.busy) yield "a move to a new phone";
    if (this.recoveries.busy) yield "a recovery";
  }

  note(what: string): void {
    this.world.trace.note(`· ${what}`);
  }
}
