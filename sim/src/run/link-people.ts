/** People who link a device: they look at both screens, scan what is shown, compare the digits, confirm, and lose patience. */
import type { DeviceNumber } from "@hawser/base";
import type { HawserClient, LinkStatus, Role } from "@hawser/client";
import { CANARY } from "../check/wire-watch.ts";
import type { SeededRandom } from "../engine/seeded-random.ts";
import type { Device } from "../nodes/device.ts";
import type { Account } from "../nodes/world.ts";
import type { Cast } from "./cast.ts";
import { carry, type Carried, type LinkWay, type Screens } from "./link-ways.ts";

const LOOK_EVERY_MS = 1_500;
const CARRIED: Readonly<Record<LinkWay, string>> = { code: "scans", letters: "is told the letters of", reverse: "shows a code to" };
/** During trouble people give up; when all is well they go on until it works. */
const MAX_TRIES = 3;
const MAX_LOOKS = 600;

/** What is special about a link. */
export interface LinkWish {
  /** What happens as soon as the phone has approved it. */
  readonly approved?: () => void;
  /** `phone`: the account moves to the new device. */
  readonly as?: Role;
  /** It is a member. */
  readonly linked?: (device: Device) => void;
  /** How the code gets to the phone; it is scanned when absent. */
  readonly ways?: readonly LinkWay[];
  /** It was this device of the account, and has lost its store; its person gets it back and does not give up. */
  readonly lost?: { readonly device: Device; readonly number: number };
}

interface Attempt extends LinkWish {
  readonly account: Account;
  readonly companion: Device;
  readonly random: SeededRandom;
  readonly declines: boolean;
  readonly carried: Carried;
  decided: string | undefined;
  /** What the phone has given back by its newest approval. */
  restored: number | undefined;
  tries: number;
  looks: number;
  over: boolean;
}

export class LinkPeople {
  readonly #cast: Cast;
  readonly #attempts: Attempt[] = [];

  constructor(cast: Cast) {
    this.#cast = cast;
  }

  begin(account: Account, random: SeededRandom, wish: LinkWish = {}): void {
    const { world } = this.#cast;
    const companion =
      wish.lost?.device ?? world.addDevice(account, `${account.handle}-${wish.as ?? "companion"}-${account.devices.length}`);
    if (wish.as === "phone") this.#cast.newPhones.add(companion);
    if (wish.lost === undefined) companion.start();
    this.#cast.note(`${companion.name} wants to be linked`);
    const attempt: Attempt = {
      ...wish,
      account,
      companion,
      random,
      declines: random.chance(0.08) && wish.lost === undefined,
      carried: {},
      decided: undefined,
      restored: undefined,
      tries: 0,
      looks: 0,
      over: false,
    };
    this.#attempts.push(attempt);
    void this.#start(attempt);
    this.#lookLater(attempt);
  }

  /** True while somebody stands in front of two screens. */
  get busy(): boolean {
    return this.#attempts.some((attempt) => !attempt.over);
  }

  /** It has lost its store, and nobody has given it back yet. */
  isLost(device: Device): boolean {
    return this.#attempts.some(({ companion, lost, over }) => companion === device && lost !== undefined && !over);
  }

  isOpen(companion: Device): boolean {
    return this.#attempts.some((attempt) => attempt.companion === companion && !attempt.over);
  }

  /** Whoever wipes a device does not link it. */
  wiped(device: Device): void {
    for (const attempt of this.#attempts) attempt.over ||= attempt.companion === device;
  }

  #staysFor({ lost }: Attempt): boolean {
    return this.#cast.healing || lost !== undefined;
  }

  #lookLater(attempt: Attempt): void {
    this.#cast.after(
      LOOK_EVERY_MS * (0.5 + attempt.random.fraction()),
      () => void this.#look(attempt).catch((error: unknown) => this.#cast.note(`link: ${String(error)}`)),
    );
  }

  async #start(attempt: Attempt): Promise<void> {
    const { client } = attempt.companion;
    if (client === undefined || attempt.companion.machine.suspended) return;
    attempt.tries++;
    await client
      .startLink({
        deviceName: `${CANARY} ${attempt.companion.name}`,
        platform: "sim",
        ...(attempt.as === undefined ? {} : { as: attempt.as }),
        ...(attempt.ways?.includes("letters") === true ? { typedCode: true } : {}),
      })
      .catch((error: unknown) => this.#cast.note(`${attempt.companion.name} cannot start a link: ${String(error)}`));
  }

  async #look(attempt: Attempt): Promise<void> {
    const { companion, account } = attempt;
    const phone = this.#cast.phone(account);
    const { client } = companion;
    if (attempt.over) return;
    this.#lookLater(attempt);
    if (++attempt.looks > MAX_LOOKS && !this.#staysFor(attempt)) return this.#giveUp(attempt);
    if (client === undefined || companion.machine.suspended) return;
    const state = await client.state();
    if (state.phase === "ready" || state.phase === "revoked") {
      attempt.over = true;
      this.#cast.note(`${companion.name} is linked`);
      this.#checkRestored(attempt, state.self?.device);
      return state.phase === "ready" ? attempt.linked?.(companion) : undefined;
    }
    const status = await client.linkStatus();
    if (status === undefined || status.stage === "paused") return this.#start(attempt);
    if (status.stage === "failed") return this.#failed(attempt, client, status);
    if (phone.client === undefined || phone.machine.suspended) return;
    if (status.stage === "waiting-for-scan" && this.#carry(attempt, { phone: phone.client, companion: client, shown: status })) return;
    await this.#decide(attempt, phone.client, status);
  }

  #carry(attempt: Attempt, screens: Screens): boolean {
    const { ways = ["code"], companion, account } = attempt;
    const begun = carry(ways, attempt.carried, screens);
    for (const { way, done } of begun) {
      this.#cast.note(`${this.#cast.phone(account).name} ${CARRIED[way]} ${companion.name}`);
      void done.catch((error: unknown) => this.#cast.note(`link: ${String(error)}`));
    }
    return begun.length > 0;
  }

  async #decide(attempt: Attempt, phone: HawserClient, shown: LinkStatus): Promise<void> {
    const asked = await phone.linkStatus();
    if (asked?.stage !== "comparing" || asked.attempt === undefined || asked.attempt === attempt.decided || shown.attempt !== asked.attempt)
      return;
    if (shown.matchCode !== undefined && shown.matchCode !== asked.matchCode) {
      this.#cast.world.violations.add(
        "match codes agree",
        `${attempt.companion.name} shows ${shown.matchCode}, its phone ${asked.matchCode}`,
      );
    }
    attempt.decided = asked.attempt;
    this.#cast.note(`${attempt.companion.name}: ${attempt.declines ? "declined" : "approved"}`);
    if (attempt.declines) return phone.rejectLink(asked.attempt);
    const options = await this.#options(attempt, phone);
    attempt.restored = options.restore;
    await phone.approveLink(asked.attempt, options);
    attempt.approved?.();
  }

  /** A device that was given back is the one it was: no new entry. */
  #checkRestored({ restored, companion }: Attempt, number: number | undefined): void {
    if (restored !== undefined && number !== undefined && number !== restored)
      this.#cast.world.violations.add("one device, one entry", `${companion.name} was given back as device ${restored} and is ${number}`);
  }

  /** What the person chooses on the phone. */
  async #options({ as, lost }: Attempt, phone: HawserClient): Promise<{ newPhone?: boolean; restore?: DeviceNumber }> {
    if (as === "phone") return { newPhone: true };
    const device = lost === undefined ? undefined : (await phone.devices()).find(({ device: number }) => number === lost.number);
    return device?.restorable === true ? { restore: device.device } : {};
  }

  async #failed(attempt: Attempt, client: HawserClient, status: LinkStatus): Promise<void> {
    this.#cast.note(`${attempt.companion.name}'s link failed: ${status.error?.name}`);
    if (attempt.declines || (attempt.tries >= MAX_TRIES && !this.#staysFor(attempt))) return this.#giveUp(attempt);
    if (status.failuresInARow >= 2) await client.cancelLink();
    await this.#start(attempt);
  }

  async #giveUp(attempt: Attempt): Promise<void> {
    attempt.over = true;
    this.#cast.note(`the link of ${attempt.companion.name} is given up`);
    if (attempt.companion.machine.suspended) return;
    await attempt.companion.client?.cancelLink().catch(() => undefined);
  }
}
