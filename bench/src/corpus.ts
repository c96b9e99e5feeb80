/** Real message texts in a fixed order, for as many messages as a benchmark needs. Source and licence: bench/data/README.md. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const FILE = join(import.meta.dirname, "../data/sms-spam-collection.tsv");

let texts: readonly string[] | undefined;

export function messageTexts(): readonly string[] {
  texts ??= readFileSync(FILE, "utf8")
    .split("\n")
    .map((line) => line.slice(line.indexOf("\t") + 1).trim())
    .filter((text) => text !== "");
  return texts;
}

/** Text number `index` of an endless sequence; repeats after 5,574 with a different word at the end, so that rows differ. */
export function textNumber(index: number): string {
  const all = messageTexts();
  const round = Math.floor(index / all.length);
  const text = all[index % all.length]!;
  return round === 0 ? text : `${text} ${round}`;
}

/** A small deterministic generator (mulberry32), so that two runs ask for the same things. */
export function seededRandom(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The value below which a share `p` of the values lie. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN;
}
