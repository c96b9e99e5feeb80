/** The invisible marks that WhatsApp puts around what it writes, and text compared without them. */

const INVISIBLE = /[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;
const EDGE = /[\s\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/u;

export const withoutMarks = (text: string): string => text.replace(INVISIBLE, "");
/** Without marks and white space at both ends; marks inside belong to the text. */
export function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  // Not `replace(/…+$/)`: that takes quadratic time on a long run of spaces in the middle.
  while (from < to && EDGE.test(text[from]!)) from++;
  while (to > from && EDGE.test(text[to - 1]!)) to--;
  return text.slice(from, to);
}
/** WhatsApp puts U+200E (U+200F in right-to-left languages) in front of what it wrote itself. */
export const isMarked = (text: string): boolean => /^\s?[\u200e\u200f]/u.test(text);

export const plain = (text: string): string =>
  withoutMarks(text)
    .replace(/\s+/gu, " ")
    .trim()
    .replace(/[.。।]$/u, "")
    .toLowerCase();

/** Phrases of one meaning, ready to be compared with `plain` text. */
export const setOf = (phrases: readonly string[]): ReadonlySet<string> => new Set(phrases.map(plain));
