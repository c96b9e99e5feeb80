/** Real message texts in a fixed order, for as many messages as a benchmark needs. Source and licence: bench/data/README.md. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { textsFrom } from "./shared/texts.ts";

export { percentile, seededRandom } from "./shared/texts.ts";

const FILE = join(import.meta.dirname, "../data/sms-spam-collection.tsv");

let texts: ((index: number) => string) | undefined;

/** Text number `index` of an endless sequence. */
export function textNumber(index: number): string {
  texts ??= textsFrom(readFileSync(FILE, "utf8"));
  return texts(index);
}
