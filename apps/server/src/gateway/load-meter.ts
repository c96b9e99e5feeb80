/**
 * How busy this process is, read off how late its own timer comes, and what clients are told because of it: to multiply their pauses and
 * the time between their pings. Invariants: it rises at once and falls slowly, so that relief does not bring the load back; those told are
 * told in slices, so that telling is not a load of its own. docs/PROTOCOL.md, "Keeping alive".
 */
import { create } from "@bufbuild/protobuf";
import { PushSchema, SlowDownSchema } from "@hawser/wire";
import type { Connection } from "./connection.ts";

/** Lateness of a timer of one second, and what it means for clients. */
const LEVELS = [
  { fromMs: 1_000, percent: 400 },
  { fromMs: 250, percent: 200 },
] as const;
const CALM_PERCENT = 100;
/** Single pauses (a checkpoint, a backup) are no load: so many sweeps in a row are. */
const SWEEPS_TO_RISE = 3;
const SWEEPS_TO_FALL = 30;
const TOLD_PER_SWEEP = 1_000;

export class LoadMeter {
  percent = CALM_PERCENT;
  #candidate = CALM_PERCENT;
  #inARow = 0;
  /** Who has not heard of the present percent yet. */
  #toTell: Connection[] = [];

  /** After each sweep: how late it was, and how to reach everybody once that matters. */
  swept(lateMs: number, all: () => Connection[], tell: (connection: Connection, percent: number) => void): void {
    const percent = LEVELS.find(({ fromMs }) => lateMs >= fromMs)?.percent ?? CALM_PERCENT;
    this.#inARow = percent === this.#candidate ? this.#inARow + 1 : 1;
    this.#candidate = percent;
    const enough = percent > this.percent ? SWEEPS_TO_RISE : SWEEPS_TO_FALL;
    if (percent !== this.percent && this.#inARow >= enough) {
      this.percent = percent;
      this.#toTell = all();
    }
    for (const connection of this.#toTell.splice(0, TOLD_PER_SWEEP)) tell(connection, this.percent);
  }
}

/** Devices only: whoever registers or links does not stay long. */
export function tellSlowDown(connection: Connection, percent: number): void {
  if (connection.device === undefined) return;
  connection.push(create(PushSchema, { event: { case: "slowDown", value: create(SlowDownSchema, { percent }) } }));
}
