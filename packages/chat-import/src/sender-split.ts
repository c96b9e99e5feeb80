/**
 * "Name: text" → name and text. Names may hold ": " themselves, so which colon ends the name is decided by the names that
 * the whole file shows (`SenderNames`), and without them by the first.
 */
import { MAX_PARTICIPANTS, MAX_SENDER_CHARS } from "./limits.ts";
import { isSystemSentence, trimmed, withoutMarks } from "./phrases.ts";

export interface SenderSplit {
  readonly sender: string;
  /** Index of the text in the body. */
  readonly textAt: number;
}

/** iPhones write "~ Name" for people who are not in the address book. */
const NOT_A_CONTACT = /^~\s/u;

export const senderName = (written: string): string => trimmed(trimmed(withoutMarks(written)).replace(NOT_A_CONTACT, ""));

/** Splits at the first colon, or at the longest prefix among `known`. `undefined`: no sender, a system line. */
export function splitSender(body: string, known?: ReadonlySet<string>): SenderSplit | undefined {
  const candidates = senderCandidates(body);
  const first = candidates[0];
  if (first === undefined) return undefined;
  if (known === undefined) return first;
  return candidates.findLast((candidate) => known.has(candidate.sender)) ?? first;
}

/** Colons tried as the end of a name. */
const MAX_COLONS = 4;

/** Every prefix that may be a name, shortest first. */
export function senderCandidates(body: string): readonly SenderSplit[] {
  const found: SenderSplit[] = [];
  let from = 0;
  for (let tries = 0; tries < MAX_COLONS; tries++) {
    const colon = body.indexOf(":", from);
    if (colon < 0 || colon > MAX_SENDER_CHARS) break;
    from = colon + 1;
    const next = body[colon + 1];
    if (next !== undefined && next !== " " && next !== "\n" && next !== "\u00a0" && next !== "\u202f") continue;
    const prefix = body.slice(0, colon);
    const sender = senderName(prefix);
    if (prefix.includes("\n")) break;
    if (sender === "" || !quotesClosed(sender)) continue;
    if (isSystemSentence(sender)) break;
    found.push({ sender, textAt: next === undefined ? colon + 1 : colon + 2 });
  }
  return found;
}

/** `Ali changed the subject to "Plans: 2024"` has its colon inside quotation marks. */
function quotesClosed(prefix: string): boolean {
  const count = (pattern: RegExp): number => prefix.match(pattern)?.length ?? 0;
  return count(/"/gu) % 2 === 0 && count(/«/gu) === count(/»/gu) && count(/[“„”]/gu) % 2 === 0;
}

interface Seen {
  count: number;
  /** The longer name that all lines of this one would also allow; `undefined` when one line does not. */
  longer: string | undefined;
}

/** Lines that must agree before "Dr: House" is one name and not "Dr" who says "House: …". */
const MIN_AGREEING_LINES = 5;

/** The senders of a whole file, gathered line by line. */
export class SenderNames {
  readonly #seen = new Map<string, Seen>();

  /** False when there are too many. */
  observe(candidates: readonly SenderSplit[]): boolean {
    const name = candidates[0]?.sender;
    if (name === undefined) return true;
    const longer = candidates[1]?.sender;
    const seen = this.#seen.get(name);
    if (seen === undefined) this.#seen.set(name, { count: 1, longer });
    else {
      seen.count += 1;
      if (seen.longer !== longer) seen.longer = undefined;
    }
    return this.#seen.size <= MAX_PARTICIPANTS;
  }

  /** Name → number of messages, in order of appearance. `title` is evidence for a name with a colon. */
  resolve(title?: string): ReadonlyMap<string, number> {
    const names = new Map<string, number>();
    for (const [name, { count, longer }] of this.#seen) {
      const isLonger = longer !== undefined && (count >= MIN_AGREEING_LINES || (title !== undefined && sameName(longer, title)));
      names.set(isLonger ? longer : name, count);
    }
    return names;
  }
}

/** Equal but for what a file name cannot hold (":" becomes "_" or vanishes). */
export function sameName(a: string, b: string): boolean {
  const letters = lettersOf(a);
  return letters === "" ? a === b : letters === lettersOf(b);
}

const lettersOf = (text: string): string => text.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
