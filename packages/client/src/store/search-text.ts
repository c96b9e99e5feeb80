/**
 * Search text as people type it → an FTS5 query, and the place of the matches in a found text. Folding here follows the index's
 * tokenizer (`unicode61 remove_diacritics 2`): case and diacritics do not count.
 */
import { MAX_SEARCH_WORDS, SNIPPET_LENGTH } from "../bounds.ts";

/** Words of the text, folded, at most `MAX_SEARCH_WORDS`. */
export function searchWords(text: string): string[] {
  return fold(text)
    .folded.split(/[^\p{L}\p{N}\p{Co}]+/u)
    .filter((word) => word !== "")
    .slice(0, MAX_SEARCH_WORDS);
}

/** Every word must occur, the last one may be the beginning of a word. `undefined` when there is nothing to look for. */
export function ftsQuery(words: readonly string[], conversation: number | undefined): string | undefined {
  if (words.length === 0) return undefined;
  const terms = words.map((word, index) => `text : "${word}"${index === words.length - 1 && word.length > 1 ? " *" : ""}`);
  if (conversation !== undefined) terms.push(`scope : "c${conversation}"`);
  return terms.join(" AND ");
}

export interface Snippet {
  readonly snippet: string;
  /** [start, end) in UTF-16 units of `snippet`, ascending, not overlapping. */
  readonly ranges: (readonly [number, number])[];
}

const ELLIPSIS = "…";

export function makeSnippet(text: string, words: readonly string[]): Snippet {
  const matches = findMatches(text, words);
  const first = matches[0]?.[0] ?? 0;
  let start = text.length <= SNIPPET_LENGTH ? 0 : Math.max(0, Math.min(first - SNIPPET_LENGTH / 3, text.length - SNIPPET_LENGTH));
  start = atWordStart(text, Math.floor(start));
  let end = Math.min(text.length, start + SNIPPET_LENGTH);
  if (end < text.length && isLowSurrogate(text, end)) end--;
  const lead = start > 0 ? ELLIPSIS : "";
  const snippet = `${lead}${text.slice(start, end)}${end < text.length ? ELLIPSIS : ""}`;
  const shift = lead.length - start;
  const ranges = matches.filter(([from, to]) => from >= start && to <= end).map(([from, to]) => [from + shift, to + shift] as const);
  return { snippet, ranges };
}

function findMatches(text: string, words: readonly string[]): (readonly [number, number])[] {
  const { folded, origins } = fold(text);
  const found: (readonly [number, number])[] = [];
  for (const token of folded.matchAll(/[\p{L}\p{N}\p{Co}]+/gu)) {
    const word = words.find((candidate, index) => (index === words.length - 1 ? token[0].startsWith(candidate) : token[0] === candidate));
    if (word === undefined) continue;
    found.push([origins[token.index]!, origins[token.index + word.length] ?? text.length]);
  }
  return found;
}

/** Lower case without diacritics, and for each folded UTF-16 unit the place it came from. */
function fold(text: string): { folded: string; origins: number[] } {
  let folded = "";
  const origins: number[] = [];
  let at = 0;
  for (const character of text) {
    const plain = character
      .normalize("NFD")
      .replace(/\p{M}+/gu, "")
      .toLowerCase()
      .replace(/\p{M}+/gu, "");
    for (let i = 0; i < plain.length; i++) origins.push(at);
    folded += plain;
    at += character.length;
  }
  origins.push(at);
  return { folded, origins };
}

function atWordStart(text: string, from: number): number {
  if (from === 0) return 0;
  const space = text.indexOf(" ", from);
  const start = space >= 0 && space - from < 16 ? space + 1 : from;
  return isLowSurrogate(text, start) ? start + 1 : start;
}

const isLowSurrogate = (text: string, at: number): boolean => {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit < 0xe000;
};
