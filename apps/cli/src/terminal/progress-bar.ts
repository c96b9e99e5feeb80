/** One line of progress: `history  ████████░░░░░░  57 %  1,234 of 2,160`. */
import type { Output } from "./output.ts";

const BAR_CELLS = 24;
/** Without a terminal: a line every so many percent, so that logs stay short. */
const STEP_PERCENT = 25;

export class ProgressBar {
  readonly #output: Output;
  readonly #label: string;
  #lastStep = 0;

  constructor(output: Output, label: string) {
    this.#output = output;
    this.#label = label;
  }

  show(done: number, total: number): void {
    const percent = total === 0 ? 100 : Math.min(100, Math.floor((done / total) * 100));
    const figures = `${String(percent).padStart(3)} %  ${formatCount(done)} of ${formatCount(total)}`;
    if (this.#output.showsProgress) {
      const full = Math.round((percent / 100) * BAR_CELLS);
      const bar = this.#output.paintNote.cyan("█".repeat(full)) + "░".repeat(BAR_CELLS - full);
      this.#output.progress(`${this.#label}  ${bar}  ${figures}`);
      return;
    }
    const step = Math.floor(percent / STEP_PERCENT);
    if (step <= this.#lastStep) return;
    this.#lastStep = step;
    this.#output.note(`${this.#label} ${figures}`);
  }

  end(): void {
    this.#output.progress(undefined);
  }
}

export const formatCount = (count: number): string => count.toLocaleString("en-US");
