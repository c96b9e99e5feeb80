/** When the stores of devices are lost, all at once: a cleared browser, a broken disk. */
import type { Family } from "./drawn-apart.ts";

export const LOST_STORES: Family = { name: "lost stores", share: 0.2, kinds: { loseStore: 1 }, maxSteps: 4 };
