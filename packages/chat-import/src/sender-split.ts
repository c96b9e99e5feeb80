/**
 * "Name: text" → name and text. Names may hold ": " themselves, so which colon ends the name is decided by the names that
 * the whole file shows (`SenderNames`), and without them by the first.
 */
import { MAX_PARTICIPANTS, MAX_SENDER_CHARS } from "./limits.ts";
import { trimmed, withoutMarks } from "./marks.ts";
import { isSystemSentence } from "./system-phrases.ts";

export interface SenderSplit {
  readonly sender: string;
  /** Index of the text in the body. */
  readonly textAt: number;
}

/** iPhones write "~ Name" for people who are not in the address book. */
const NOT_A_CONTACT = /^~\s/u;

export const senderName = (written: string): string => trimmed(trimmed(withoutMarks(written)).replace(NOT_A_CONTACT, ""));

/**
 * Splits at the first colon, or at the longest prefix among `known`, the senders of the whole file. `undefined`: a system
 * line, without a sender or with none of the known ones.
 */
export function splitSender(body: string, known?: ReadonlySet<string>): SenderSplit | undefined {
  const candidates = senderCandidates(body);
  const first = candidates[0];
  if (first === undefined) return undefined;
  if (known === undefined) return first;
  return candidates.findLast((candidate) => known.has(candidate.sender));
}

/** Colons tried as the end of a name. */
const MAX_COLONS = 4;

/** Shorter prefixes hold no sentence of WhatsApp's. */
const MIN_SENTENCE_CHARS = 12;

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
    if (sender.length >= MIN_SENTENCE_CHARS && isSystemSentence(sender)) break;
    found.push({ sender, textAt: next === undefined ? colon + 1 : colon + 2 });
  }
  return found;
}

/** `Ali changed the subject to "Plans: 2024"` has its colon inside quotation marks. */
function quotesClosed(prefix: string): boolean {
  if (!/["«»“„”]/u.test(prefix)) return true;
  const count = (pattern: RegExp): number => prefix.match(pattern)?.length ?? 0;
  return count(/"/gu) % 2 === 0 && count(/«/gu) === count(/»/gu) && count(/[“„”]/gu) % 2 === 0;
}

interface Seen {
  count: number;
  /** The longer name that the first line of this one also allows, and how many lines allow it. */
  readonly longer: string | undefined;
  agreeing: number;
}

/** Before "Dr: House" is one name and not "Dr" who says "House: …": so many lines, and most of them, must allow it. */
const MIN_AGREEING_LINES = 5;
const MIN_AGREEING_SHARE = 0.8;

/** The senders of a whole file, gathered line by line. */
export class SenderNames {
  readonly #seen = new Map<string, Seen>();

  /** False when there are too many. */
  observe(candidates: readonly SenderSplit[]): boolean {
    const name = candidates[0]?.sender;
    if (name === undefined) return true;
    const longer = candidates[1]?.sender;
    const seen = this.#seen.get(name);
    if (seen === undefined) this.#seen.set(name, { count: 1, longer, agreeing: 1 });
    else {
      seen.count += 1;
      if (seen.longer === longer) seen.agreeing += 1;
    }
    return this.#seen.size <= MAX_PARTICIPANTS;
  }

  /** Name → number of messages, in order of appearance. `title` is evidence for a name with a colon. */
  resolve(title?: string): ReadonlyMap<string, number> {
    const names = new Map<string, number>();
    for (const [name, { count, longer, agreeing }] of this.#seen) {
      const agreed = agreeing >= MIN_AGREEING_LINES && agreeing >= count * MIN_AGREEING_SHARE;
      const isLonger = longer !== undefined && (agreed || (title !== undefined && sameName(longer, title)));
      names.set(isLonger ? longer : name, isLonger ? agreeing : count);
    }
    return names;
  }
}

/** Equal but for what a file name cannot hold (":" becomes "_" or vanishes). */
export function sameName(a: string, b: string): boolean {
  const letters = lettersOf(a);
  return letters === "" ? a === b : letters === lettersOf(b);
}

const lettersOf = (text: string): string =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
