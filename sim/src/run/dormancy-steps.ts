/** When devices are away for so long that their server keeps nothing for them any more, and what happens meanwhile. */
import { SeededRandom } from "../engine/seeded-random.ts";
import type { Family } from "./drawn-apart.ts";

export const LONG_ABSENCES: Family = {
  name: "long absences",
  share: 0.15,
  kinds: { leaveForLong: 1 },
  first: ["chooseDormancy", "chooseDormancy"],
  // A mailbox keeps messages for 60 days: whoever is away for two such absences in a row loses them.
  maxSteps: 1,
};

const MINUTE_MS = 60_000;

/** Whoever is away comes back an hour later: what was planned goes on before, while, and after the server finds it dormant. */
export function withAbsences<Step extends { readonly atMs: number; readonly kind: string }>(seed: number, steps: readonly Step[]): Step[] {
  const random = new SeededRandom(`after long absences ${seed}`);
  let laterMs = 0;
  return steps.map((step) => {
    const shifted = { ...step, atMs: step.atMs + laterMs };
    if (step.kind === "leaveForLong") laterMs += random.pick([2, 50, 90]) * MINUTE_MS;
    return shifted;
  });
}
