/** When people link on other ways than by a scan, one of them or several at once. */
import type { Family } from "./drawn-apart.ts";

export const OTHER_WAYS: Family = { name: "other ways to link", share: 0.2, kinds: { linkOtherWays: 1 }, maxSteps: 4 };
