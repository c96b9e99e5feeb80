/** People who go on writing while something happens: how long the slowest of their messages was on its way. */
import { say } from "./people.ts";
import type { Device, Person, Stage } from "./stage.ts";

export interface Spoken {
  readonly from: Person;
  /** The sender's phone when absent. */
  readonly device?: Device;
  readonly to: Person;
  readonly text: string;
  /** Devices on which it has to be seen. */
  readonly seenOn: readonly Device[];
}

export interface Talk {
  readonly rounds: number;
  /** Between two rounds. */
  readonly paceMs: number;
  /** Said in round n, from 1 on. */
  readonly round: (n: number) => readonly Spoken[];
  /** In the middle of it. */
  readonly happens: () => Promise<void> | void;
  readonly patienceMs: number;
}

/** Seconds from sending, or from what happened where that was later; `undefined` when patience ended first. */
export async function talkThrough(stage: Stage, talk: Talk): Promise<number | undefined> {
  const expected: { readonly device: Device; readonly text: string; readonly atMs: number }[] = [];
  const middle = Math.ceil(talk.rounds / 2);
  let happenedMs = stage.nowMs();
  for (let n = 1; n <= talk.rounds; n++) {
    if (n > 1) await stage.wait(talk.paceMs);
    if (n === middle) {
      await talk.happens();
      happenedMs = stage.nowMs();
    }
    for (const { from, to, text, device, seenOn } of talk.round(n)) {
      const atMs = stage.nowMs();
      await say(stage, from, to, text, device);
      for (const each of seenOn) expected.push({ device: each, text, atMs });
    }
  }
  const slowestMs = (): number =>
    Math.max(
      ...expected.map(({ device, text, atMs }) => (device.screen.shownAtMs(text) ?? Number.POSITIVE_INFINITY) - Math.max(atMs, happenedMs)),
    );
  const all = await stage.until(() => Number.isFinite(slowestMs()), talk.patienceMs);
  return all === undefined ? undefined : Math.max(0, slowestMs()) / 1_000;
}
