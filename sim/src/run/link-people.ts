/** People who link a device: they look at both screens, scan what is shown, compare the digits, confirm, and lose patience. */
import type { HawserClient, LinkStatus } from "@hawser/client";
import { CANARY } from "../check/wire-watch.ts";
import type { SeededRandom } from "../engine/seeded-random.ts";
import type { Device } from "../nodes/device.ts";
import type { Account } from "../nodes/world.ts";
import type { Cast } from "./cast.ts";

const LOOK_EVERY_MS = 1_500;
/** During trouble people give up; when all is well they go on until it works. */
const MAX_TRIES = 3;
const MAX_LOOKS = 600;

interface Attempt {
  readonly account: Account;
  readonly companion: Device;
  readonly random: SeededRandom;
  readonly declines: boolean;
  readonly approved: (() => void) | undefined;
  scanned: string | undefined;
  decided: string | undefined;
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

  /** `approved`: what happens as soon as the phone has approved it. */
  begin(account: Account, random: SeededRandom, approved?: () => void): void {
    const { world } = this.#cast;
    const companion = world.addDevice(account, `${account.handle}-companion-${account.devices.length}`);
    companion.start();
    this.#cast.note(`${companion.name} wants to be linked`);
    const attempt: Attempt = {
      account,
      companion,
      random,
      declines: random.chance(0.08),
      approved,
      scanned: undefined,
      decided: undefined,
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

  isOpen(companion: Device): boolean {
    return this.#attempts.some((attempt) => attempt.companion === companion && !attempt.over);
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
      .startLink({ deviceName: `${CANARY} ${attempt.companion.name}`, platform: "sim" })
      .catch((error: unknown) => this.#cast.note(`${attempt.companion.name} cannot start a link: ${String(error)}`));
  }

  async #look(attempt: Attempt): Promise<void> {
    const { companion, account } = attempt;
    const phone = this.#cast.phone(account);
    const { client } = companion;
    if (attempt.over) return;
    this.#lookLater(attempt);
    if (++attempt.looks > MAX_LOOKS && !this.#cast.healing) return this.#giveUp(attempt);
    if (client === undefined || companion.machine.suspended) return;
    const state = await client.state();
    if (state.phase === "ready" || state.phase === "revoked") {
      attempt.over = true;
      return this.#cast.note(`${companion.name} is linked`);
    }
    const status = await client.linkStatus();
    if (status === undefined || status.stage === "paused") return this.#start(attempt);
    if (status.stage === "failed") return this.#failed(attempt, client, status);
    if (phone.client === undefined || phone.machine.suspended) return;
    if (status.stage === "waiting-for-scan" && status.uri !== undefined && attempt.scanned !== status.uri) {
      attempt.scanned = status.uri;
      this.#cast.note(`${phone.name} scans ${companion.name}`);
      await phone.client.openLinkCode(status.uri);
      return;
    }
    await this.#decide(attempt, phone.client, status);
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
    await phone.approveLink(asked.attempt);
    attempt.approved?.();
  }

  async #failed(attempt: Attempt, client: HawserClient, status: LinkStatus): Promise<void> {
    this.#cast.note(`${attempt.companion.name}'s link failed: ${status.error?.name}`);
    if (attempt.declines || (attempt.tries >= MAX_TRIES && !this.#cast.healing)) return this.#giveUp(attempt);
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
