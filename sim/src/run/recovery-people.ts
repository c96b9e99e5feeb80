/** People who write down a recovery code, and those who lose their phone and get the account back by it. */
import { CANARY } from "../check/wire-watch.ts";
import type { SeededRandom } from "../engine/seeded-random.ts";
import type { Device } from "../nodes/device.ts";
import type { Account } from "../nodes/world.ts";
import type { Cast } from "./cast.ts";

const LOOK_EVERY_MS = 20_000;

interface Recovery {
  readonly account: Account;
  readonly device: Device;
  readonly random: SeededRandom;
  /** In which life of the new phone it was asked. */
  askedIn: number;
  over: boolean;
}

export class RecoveryPeople {
  readonly #cast: Cast;
  /** What stands on paper, and is known to be good: the making of another one makes it worthless, from the moment in which it begins. */
  readonly #codes = new Map<Account, string>();
  readonly #recoveries: Recovery[] = [];

  constructor(cast: Cast) {
    this.#cast = cast;
  }

  get busy(): boolean {
    return this.#recoveries.some(({ over }) => !over);
  }

  hasCode(account: Account): boolean {
    return this.#codes.has(account);
  }

  isUnderWay(account: Account): boolean {
    return this.#recoveries.some((recovery) => recovery.account === account && !recovery.over);
  }

  async writeCode(account: Account): Promise<void> {
    const [phone] = this.#cast.members([this.#cast.phone(account)]);
    if (phone === undefined || this.isUnderWay(account)) return;
    this.#cast.note(`${phone.name} makes a recovery code`);
    this.#codes.delete(account);
    try {
      this.#codes.set(account, await phone.client!.createRecoveryCode());
    } catch (error) {
      this.#cast.note(`${phone.name} could not: ${String(error)}`);
    }
  }

  /** The phone is gone from one moment to the next; whether it turns up again is up to others. */
  lose(account: Account, random: SeededRandom, afterMs: number): void {
    const phone = this.#cast.phone(account);
    this.#cast.note(`${phone.name} is lost`);
    phone.kill("silent");
    const device = this.#cast.world.addDevice(account, `${account.handle}-phone-${account.devices.length}`);
    const recovery: Recovery = { account, device, random, askedIn: 0, over: false };
    this.#recoveries.push(recovery);
    this.#cast.newPhones.add(device);
    this.#cast.after(afterMs, () => void device.start());
    this.#lookLater(recovery);
  }

  #lookLater(recovery: Recovery): void {
    this.#cast.after(LOOK_EVERY_MS * (0.3 + recovery.random.fraction()), () => this.#look(recovery));
  }

  #look(recovery: Recovery): void {
    if (recovery.over) return;
    this.#lookLater(recovery);
    void this.#restore(recovery).catch((error: unknown) => {
      if (recovery.askedIn === recovery.device.machine.life) recovery.askedIn = 0;
      this.#cast.note(`${recovery.device.name} could not restore the account: ${String(error)}`);
    });
  }

  async #restore(recovery: Recovery): Promise<void> {
    const { device, account } = recovery;
    const { client, machine } = device;
    const recoveryCode = this.#codes.get(account);
    if (client === undefined || machine.suspended || recovery.askedIn === machine.life || recoveryCode === undefined) return;
    recovery.askedIn = machine.life;
    const { phase } = await client.state();
    if (phase === "empty") {
      this.#cast.note(`${device.name} restores the account`);
      await client.restoreAccount({ handle: account.handle, recoveryCode, deviceName: `${CANARY} new phone` });
    }
    recovery.over = true;
    this.#cast.world.oracle.recovered.add(device);
    this.#cast.note(`${device.name} has the account back`);
    account.phone = device;
    if (this.#cast.companions(account).length === 0) await this.#addContacts(recovery);
  }

  /** Nobody else can tell the new phone whom its person knows. */
  async #addContacts({ account, device }: Recovery): Promise<void> {
    for (const other of this.#cast.world.accounts) {
      if (other === account || other.id === undefined) continue;
      await device.client?.addContact({ account: other.id, name: `${CANARY} ${other.handle}`, handle: other.handle });
    }
  }
}
