/** People who move an account to a new phone: they link it as one, wait until it has everything, and only then retire the old one. */
import type { SeededRandom } from "../engine/seeded-random.ts";
import type { Device } from "../nodes/device.ts";
import type { Account } from "../nodes/world.ts";
import type { Cast } from "./cast.ts";

const LOOK_EVERY_MS = 15_000;
const REGRETS = 0.15;
const TAKEN_AT_ONCE = 0.4;

interface Move {
  readonly account: Account;
  readonly device: Device;
  readonly random: SeededRandom;
  readonly before: Device;
  /** In which life of the new phone it was asked to be the only one. */
  askedIn: number;
  over: boolean;
}

export class MovePeople {
  readonly #cast: Cast;
  readonly #moves: Move[] = [];

  constructor(cast: Cast) {
    this.#cast = cast;
  }

  get busy(): boolean {
    return this.#moves.some(({ over }) => !over);
  }

  isUnderWay(account: Account): boolean {
    return this.#moves.some((move) => move.account === account && !move.over);
  }

  begin(account: Account, random: SeededRandom): void {
    this.#cast.links.begin(account, random, { as: "phone", linked: (device) => this.#linked(account, device, random.fork("move")) });
  }

  #linked(account: Account, device: Device, random: SeededRandom): void {
    const move: Move = { account, device, random, before: this.#cast.phone(account), askedIn: 0, over: false };
    this.#moves.push(move);
    // From now on both are phones: some people use the new one for everything at once, some when it is the only one.
    if (random.chance(TAKEN_AT_ONCE)) account.phone = device;
    if (random.chance(REGRETS)) this.#cast.after(random.between(0, 40_000), () => void this.#regret(move));
    this.#lookLater(move);
  }

  #lookLater(move: Move): void {
    this.#cast.after(LOOK_EVERY_MS * move.random.fraction(), () => this.#look(move));
  }

  #look(move: Move): void {
    if (move.over) return;
    this.#lookLater(move);
    const { device } = move;
    const { client } = device;
    if (this.#cast.world.oracle.revokedSeen.has(device)) return this.#undone(move);
    if (client === undefined || device.machine.suspended || move.askedIn === device.machine.life) return;
    move.askedIn = device.machine.life;
    void client.finishMove().then(
      () => {
        move.over = true;
        move.account.phone = device;
        this.#cast.note(`${device.name} is the only phone`);
      },
      (error: unknown) => {
        if (move.askedIn === device.machine.life) move.askedIn = 0;
        this.#cast.note(`${device.name} cannot end its move: ${String(error)}`);
      },
    );
  }

  /** Its person goes on with a phone that is one still. */
  #undone(move: Move): void {
    move.over = true;
    const { account, device } = move;
    this.#cast.note(`${device.name} has its account no more`);
    const { numbers, revokedSeen } = this.#cast.world.oracle;
    if (this.#cast.phone(account) !== device) return;
    account.phone =
      account.devices.findLast((other) => this.#cast.isPhone(other) && numbers.has(other) && !revokedSeen.has(other)) ?? move.before;
  }

  /** The old phone takes the new one off the list again. */
  async #regret(move: Move): Promise<void> {
    const [old] = this.#cast.members([move.before]);
    const number = this.#cast.world.oracle.numbers.get(move.device)?.device;
    if (move.over || this.#cast.healing || old === undefined || number === undefined) return;
    this.#cast.note(`${old.name} takes ${move.device.name} off the list`);
    this.#cast.world.oracle.removalAsked(move.account, number);
    await old
      .client!.revokeDevice(number as never)
      .catch((error: unknown) => this.#cast.note(`${old.name} could not take it off: ${String(error)}`));
  }
}
