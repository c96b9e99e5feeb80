/** The timeline that a person reads: when, who, what happened or what was seen on which screen. */
export type LineKind = "fault" | "act" | "screen" | "good" | "bad";

export interface Line {
  readonly atMs: number;
  readonly who: string;
  readonly kind: LineKind;
  readonly text: string;
}

const MAX_LINES = 2_000;

export class Story {
  readonly lines: Line[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** What goes wrong, or is mended. */
  fault(text: string): void {
    this.#add("server", "fault", text);
  }

  act(who: string, text: string): void {
    this.#add(who, "act", text);
  }

  /** What stands on a screen. */
  screen(who: string, text: string): void {
    this.#add(who, "screen", text);
  }

  /** Something that had to hold, and whether it did. */
  check(who: string, holds: boolean, text: string): void {
    this.#add(who, holds ? "good" : "bad", text);
  }

  #add(who: string, kind: LineKind, text: string): void {
    if (this.lines.length < MAX_LINES) this.lines.push({ atMs: this.#nowMs(), who, kind, text });
  }
}
