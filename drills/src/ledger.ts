/** Every message that a person was told is kept, and where it arrived when. Counted at the end on each device that is signed in. */
import type { Device, Person, Stage } from "./stage.ts";

interface Entry {
  readonly text: string;
  readonly from: Person;
  readonly to: Person;
  readonly atMs: number;
  /** Sent from the phone itself. */
  readonly fromPhone: boolean;
}

export interface Tally {
  readonly messages: number;
  readonly lost: readonly string[];
  readonly duplicates: readonly string[];
}

export class Ledger {
  readonly #entries: Entry[] = [];

  /** Called when the sender's device has it durably. */
  note(from: Person, to: Person, text: string, atMs: number, device: Device): void {
    this.#entries.push({ text, from, to, atMs, fromPhone: device === from.phone });
  }

  /** The longest time from "send" on one phone to being shown on the other, of messages sent in this span. */
  slowestOnPhonesMs(fromMs: number, untilMs: number): number | undefined {
    const delays = this.#entries
      .filter(({ atMs, fromPhone }) => fromPhone && atMs >= fromMs && atMs < untilMs)
      .map(({ text, to, atMs }) => (to.phone.screen.shownAtMs(text) ?? Number.POSITIVE_INFINITY) - atMs);
    return delays.length === 0 ? undefined : Math.max(...delays);
  }

  async tally(stage: Stage): Promise<Tally> {
    const lost: string[] = [];
    const duplicates: string[] = [];
    for (const device of stage.people.flatMap(devicesOf)) {
      if ((await stage.settle(device.state()))?.phase !== "ready") continue;
      const texts = await stage.settle(device.texts());
      for (const { text, from, to } of this.#entries) {
        if (!devicesOf(from).includes(device) && !devicesOf(to).includes(device)) continue;
        const count = texts.get(text) ?? 0;
        if (count === 0) lost.push(`"${text}" on ${device.name}`);
        if (count > 1) duplicates.push(`"${text}" on ${device.name}`);
      }
    }
    return { messages: this.#entries.length, lost, duplicates };
  }
}

export const devicesOf = (person: Person): Device[] => [person.phone, ...person.companions];
