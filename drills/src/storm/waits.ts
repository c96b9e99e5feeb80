/** How long people in a storm waited: for the first word about their place or time, and from "confirm" until they were linked. */
import type { StormTime } from "./storm-world.ts";

/** From opening the page until the code is scanned; nobody can be told anything before. */
export const LOOK_MS = 4_000;

export class Wait {
  readonly #time: StormTime;
  readonly #scannedAtMs: number;
  #confirmedAtMs: number | undefined;
  #wordMs: number | undefined;
  #linkMs: number | undefined;

  /** Somebody opens the page then. */
  constructor(time: StormTime, beginsAtMs: number) {
    this.#time = time;
    this.#scannedAtMs = beginsAtMs + LOOK_MS;
  }

  word(): void {
    this.#wordMs ??= this.#time.nowMs - this.#scannedAtMs;
  }

  confirmed(): void {
    this.#confirmedAtMs = this.#time.nowMs;
  }

  linked(): void {
    this.word();
    this.#linkMs = this.#time.nowMs - this.#confirmedAtMs!;
  }

  /** Who still waits has waited until now. */
  get wordMs(): number {
    return this.#wordMs ?? Math.max(0, this.#time.nowMs - this.#scannedAtMs);
  }

  /** `undefined`: nobody confirmed anything yet. */
  get linkMs(): number | undefined {
    return this.#linkMs ?? (this.#confirmedAtMs === undefined ? undefined : this.#time.nowMs - this.#confirmedAtMs);
  }
}

export const slowestWordMs = (waits: readonly Wait[]): number => waits.reduce((most, { wordMs }) => Math.max(most, wordMs), 0);
export const slowestLinkMs = (waits: readonly Wait[]): number => waits.reduce((most, { linkMs = 0 }) => Math.max(most, linkMs), 0);
