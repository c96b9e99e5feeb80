/**
 * When people deal with an encrypted archive. Drawn from a source of its own and put between the other steps, so that a seed's other
 * operations are the same with and without them.
 */
import { SeededRandom } from "../engine/seeded-random.ts";
import type { OperationKind } from "./operations.ts";

export interface ArchiveStep {
  readonly atMs: number;
  readonly kind: OperationKind;
}

const SHARE_WITH_ARCHIVES = 0.35;
const MAX_STEPS = 16;
/** The first two are early: what follows happens to an archive. */
const FIRST_BEFORE = 0.25;
const KINDS = {
  switchArchive: 1,
  linkAlone: 5,
  revokeReader: 4,
  phoneAway: 3,
  archiveOutage: 2,
} satisfies Partial<Record<OperationKind, number>>;

/** Empty: nobody in this world has an archive. */
export function drawArchiveSteps(seed: number, untilMs: number, calm: boolean): ArchiveStep[] {
  const random = new SeededRandom(`archives ${seed}`);
  if (!random.chance(SHARE_WITH_ARCHIVES)) return [];
  const weights = Object.entries(KINDS) as [keyof typeof KINDS, number][];
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  const steps = [1, 2].map((): ArchiveStep => ({ atMs: random.fraction() * FIRST_BEFORE * untilMs, kind: "switchArchive" }));
  for (let left = 3 + random.below(MAX_STEPS - 3); left > 0; left--) {
    let mark = random.fraction() * total;
    const [kind] = weights.find(([, weight]) => (mark -= weight) < 0) ?? weights[0]!;
    const atMs = random.fraction() * untilMs;
    if (!calm || kind !== "archiveOutage") steps.push({ atMs, kind });
  }
  return steps;
}
