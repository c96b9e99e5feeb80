/** The timeline that a person reads: when, who, what happened or what was seen on which screen. */
export type LineKind = "fault" | "act" | "screen" | "good" | "bad";

export interface Line {
  readonly atMs: number;
  readonly who: string;
  readonly kind: LineKind;
  readonly text: string;
}

const MAX_LINES = 2_000;
/** Screens that say the same one after another, shown one by one. */
const SHOWN_ALIKE = 3;

export class Story {
  readonly lines: Line[] = [];
  readonly #nowMs: () => number;
  #alike = { text: "", count: 0 };

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** What goes wrong, or is mended. */
  fault(text: string, who = "server"): void {
    this.#add(who, "fault", text);
  }

  act(who: string, text: string): void {
    this.#add(who, "act", text);
  }

  /** What stands on a screen. */
  screen(who: string, text: string): void {
    if (this.#alike.text !== text) this.#sayHowMany();
    this.#alike = { text, count: this.#alike.count + 1 };
    if (this.#alike.count <= SHOWN_ALIKE) this.#push(who, "screen", text);
  }

  /** Something that had to hold, and whether it did. */
  check(who: string, holds: boolean, text: string): void {
    this.#add(who, holds ? "good" : "bad", text);
  }

  #add(who: string, kind: LineKind, text: string): void {
    this.#sayHowMany();
    this.#push(who, kind, text);
  }

  #sayHowMany(): void {
    const more = this.#alike.count - SHOWN_ALIKE;
    this.#alike = { text: "", count: 0 };
    if (more > 0) this.#push(`${more} more`, "screen", more === 1 ? "one more screen says the same" : "screens say the same");
  }

  #push(who: string, kind: LineKind, text: string): void {
    if (this.lines.length < MAX_LINES) this.lines.push({ atMs: this.#nowMs(), who, kind, text });
  }
}
