/**
 * Cuts pushed text into lines ("\n" or "\r\n"), holding at most one unfinished line.
 * Invariant: the lines depend on the text alone, never on how it was cut into pushes.
 */
import { err, ok, type Result } from "@hawser/base";
import { atLine, type ImportError } from "./import-error.ts";
import { MAX_LINE_CHARS } from "./limits.ts";

/** Characters in which a NUL betrays UTF-16 that somebody decoded as something else. */
const SNIFFED_CHARS = 64;

export class LineSplitter {
  #carry = "";
  #seenChars = 0;
  #line = 0;

  /** Complete lines of the text so far, without their ends. */
  push(text: string): Result<string[], ImportError> {
    if (text === "") return ok([]);
    if (this.#seenChars < SNIFFED_CHARS) {
      if (text.slice(0, SNIFFED_CHARS - this.#seenChars).includes("\0")) return err({ kind: "utf-16" });
      if (this.#seenChars === 0) {
        if (text.startsWith("\ufffe") || text.startsWith("\ufffd\ufffd")) return err({ kind: "utf-16" });
        if (text.startsWith("\ufeff")) text = text.slice(1);
      }
    }
    this.#seenChars += Math.max(1, text.length);
    const lines: string[] = [];
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      const tooLong = this.#emit(text.slice(from, end), lines);
      if (tooLong !== undefined) return err(tooLong);
      from = end + 1;
    }
    this.#carry += text.slice(from);
    if (this.#carry.length > MAX_LINE_CHARS + 1) return err(atLine("line-too-long", this.#line + 1));
    return ok(lines);
  }

  /** The last line when the text did not end in a line end. */
  finish(): Result<string[], ImportError> {
    const lines: string[] = [];
    if (this.#carry === "") return ok(lines);
    const tooLong = this.#emit("", lines);
    return tooLong === undefined ? ok(lines) : err(tooLong);
  }

  #emit(piece: string, lines: string[]): ImportError | undefined {
    this.#line += 1;
    let line = this.#carry === "" ? piece : this.#carry + piece;
    this.#carry = "";
    if (line.endsWith("\r")) line = line.slice(0, -1);
    if (line.length > MAX_LINE_CHARS) return atLine("line-too-long", this.#line);
    lines.push(line);
    return undefined;
  }
}
