/**
 * Everything the program says. Invariant: with `--json` standard output holds event lines and nothing else; without it no
 * text that came from outside reaches a terminal with control characters in it.
 */
import { describeError } from "../error-text.ts";
import type { CliEvent } from "../json-events.ts";
import { type Paint, paintFor } from "./paint.ts";

export interface OutputOptions {
  readonly json: boolean;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: NodeJS.ProcessEnv;
}

export class Output {
  readonly json: boolean;
  readonly paint: Paint;
  readonly paintNote: Paint;
  readonly #stdout: NodeJS.WriteStream;
  readonly #stderr: NodeJS.WriteStream;

  constructor(options: OutputOptions) {
    this.json = options.json;
    this.#stdout = options.stdout;
    this.#stderr = options.stderr;
    this.paint = paintFor(options.stdout, options.environment);
    this.paintNote = paintFor(options.stderr, options.environment);
  }

  /** Whether a person watches standard output and it may be drawn on. */
  get interactive(): boolean {
    return !this.json && this.#stdout.isTTY === true;
  }

  /** Whether a person watches standard error: progress bars go there. */
  get showsProgress(): boolean {
    return !this.json && this.#stderr.isTTY === true;
  }

  get columns(): number {
    return this.#stdout.columns ?? 80;
  }

  /** A result: an event line for programs, `text` for people (nothing when it is missing). */
  event(event: CliEvent, text?: string): void {
    if (this.json) this.#stdout.write(`${JSON.stringify(event)}\n`);
    else if (text !== undefined) this.line(text);
  }

  /** Only for people, on standard output. */
  line(text: string): void {
    if (!this.json) this.#stdout.write(`${text}\n`);
  }

  /** What goes on meanwhile, for people, on standard error. */
  note(text: string): void {
    if (!this.json) this.#stderr.write(`${text}\n`);
  }

  /** Redraws one line of progress; `undefined` removes it. */
  progress(text: string | undefined): void {
    if (this.showsProgress) this.#stderr.write(`\r\x1b[K${text ?? ""}`);
  }

  /** A question without a line's end. */
  ask(text: string): void {
    if (!this.json) this.#stderr.write(text);
  }

  /** @returns the exit status that belongs to the error. */
  error(error: unknown): number {
    const { code, message, next, exit } = describeError(error);
    this.progress(undefined);
    if (this.json) this.event({ event: "error", code, message, next, exit });
    else this.note(`${this.paintNote.red("✗")} ${message}${next === "" ? "" : `\n  ${next}`}${exit === 1 ? `\n  (${code})` : ""}`);
    return exit;
  }
}
