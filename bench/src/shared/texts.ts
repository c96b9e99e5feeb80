/** Texts and chance that are the same in every run. Portable. */

/** Text number `index` of an endless sequence made of a file's lines (label, tab, text); a later round ends in another word. */
export function textsFrom(file: string): (index: number) => string {
  const all = file
    .split("\n")
    .map((line) => line.slice(line.indexOf("\t") + 1).trim())
    .filter((text) => text !== "");
  return (index) => {
    const round = Math.floor(index / all.length);
    const text = all[index % all.length]!;
    return round === 0 ? text : `${text} ${round}`;
  };
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
