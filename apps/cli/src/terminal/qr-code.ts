/** QR codes of characters: two modules a character, at most 80 columns, readable on dark and light terminals. */
import { renderUnicodeCompact } from "uqr";
import type { Paint } from "./paint.ts";

/** The quiet zone. Four modules by the standard; two are enough for every reader we tried, and fit 80 columns. */
const BORDER_MODULES = 2;

export interface QrOptions {
  readonly paint: Paint;
  /** For light terminals without colours: the characters draw the light modules otherwise. */
  readonly invert?: boolean;
}

/** The lines of a code. With colours its light modules are really light, whatever the terminal's background is. */
export function qrCode(text: string, { paint, invert = false }: QrOptions): readonly string[] {
  const lines = renderUnicodeCompact(text, { ecc: "L", boostEcc: false, border: BORDER_MODULES, invert: invert && !paint.enabled }).split(
    "\n",
  );
  return paint.enabled ? lines.map((line) => `\x1b[97;40m${line}\x1b[0m`) : lines;
}
