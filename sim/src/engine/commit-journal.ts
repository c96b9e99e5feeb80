/**
 * Of a disk that lags behind its commits: what was committed and is not yet where it survives. Invariants: what is lost is an end of the
 * order of commits, never one from its middle (as a write-ahead log and a mirror give it); what was synced is never lost.
 */
import type { SqlValue } from "@hawser/base";
import type { SeededRandom } from "./seeded-random.ts";

export interface Written {
  readonly sql: string;
  /** `undefined`: not a statement with parameters. */
  readonly parameters: readonly SqlValue[] | undefined;
}

interface Plate {
  copy(): Uint8Array;
  restore(copy: Uint8Array): void;
  write(written: Written): void;
}

/** A copy is taken anew after so many. */
const MAX_COMMITS = 300;

export class CommitJournal {
  readonly #plate: Plate;
  readonly #random: SeededRandom;
  #base: Uint8Array;
  #commits: (readonly Written[])[] = [];
  #open: Written[] = [];
  #synced = 0;
  /** Taken away from the front since the beginning. */
  #forgotten = 0;
  /** Each commit is synced before it returns. */
  syncsItself = true;
  onCommit = (): void => undefined;
  lost = 0;

  constructor(plate: Plate, random: SeededRandom) {
    this.#plate = plate;
    this.#random = random;
    this.#base = plate.copy();
  }

  note(sql: string, parameters?: readonly SqlValue[]): void {
    this.#open.push({ sql, parameters: parameters?.map((value) => (value instanceof Uint8Array ? value.slice() : value)) });
  }

  commit(): void {
    if (this.#open.length > 0) this.#commits.push(this.#open);
    this.#open = [];
    if (this.syncsItself) this.syncTo(this.position);
    else this.onCommit();
  }

  rollBack(): void {
    this.#open = [];
  }

  /** Everything committed so far. */
  get position(): number {
    return this.#forgotten + this.#commits.length;
  }

  get isBehind(): boolean {
    return this.#synced < this.#commits.length;
  }

  syncTo(position: number): void {
    this.#synced = Math.max(this.#synced, Math.min(this.#commits.length, position - this.#forgotten));
    if (this.#synced === this.#commits.length && this.#commits.length > MAX_COMMITS) this.rebase();
  }

  /** What is there now is what survives. */
  rebase(): void {
    this.#base = this.#plate.copy();
    this.#forgotten += this.#commits.length;
    this.#commits = [];
    this.#open = [];
    this.#synced = 0;
  }

  /** The power is gone: some of what was not synced, or all of it. */
  lose(): void {
    this.#open = [];
    if (!this.isBehind) return;
    const kept = this.#synced + this.#random.below(this.#commits.length - this.#synced + 1);
    const commits = this.#commits.slice(0, kept);
    this.lost += this.#commits.length - kept;
    this.#plate.restore(this.#base);
    for (const written of commits.flat()) this.#plate.write(written);
    this.#forgotten += this.#commits.length - kept;
    this.#commits = commits;
    this.#synced = kept;
  }
}
