/** When people block others, and think better of it. */
import type { Family } from "./drawn-apart.ts";

export const BLOCKS: Family = { name: "blocks", share: 0.2, kinds: { block: 1 }, maxSteps: 6 };
