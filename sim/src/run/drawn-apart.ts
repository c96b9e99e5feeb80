/**
 * Steps of kinds that came when seeds had names: each family is drawn from a source of its own, only in a share of the seeds, and put between
 * the other steps, so that a seed's other operations are the same with and without it.
 */
import { SeededRandom } from "../engine/seeded-random.ts";
import { type Operation, OPERATIONS, type OperationKind } from "./operations.ts";

export interface StepApart {
  readonly atMs: number;
  readonly kind: OperationKind;
}

export interface Family {
  /** Names its source. */
  readonly name: string;
  /** Of the seeds. */
  readonly share: number;
  readonly kinds: Readonly<Partial<Record<OperationKind, number>>>;
  /** These come first, in the first part of a run: what follows happens to what they left. */
  readonly first?: readonly OperationKind[];
  readonly maxSteps: number;
}

const FIRST_BEFORE = 0.25;

/** Empty: nobody in this world does any of it. */
export function drawApart(family: Family, seed: number, untilMs: number, calm: boolean): StepApart[] {
  const random = new SeededRandom(`${family.name} ${seed}`);
  if (!random.chance(family.share)) return [];
  const weights = Object.entries(family.kinds) as [OperationKind, number][];
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  const steps = (family.first ?? []).map((kind): StepApart => ({ atMs: random.fraction() * FIRST_BEFORE * untilMs, kind }));
  for (let left = 1 + random.below(family.maxSteps); left > 0; left--) {
    let mark = random.fraction() * total;
    const [kind] = weights.find(([, weight]) => (mark -= weight) < 0) ?? weights[0]!;
    const atMs = random.fraction() * untilMs;
    if (!calm || (OPERATIONS[kind] as Operation).fault !== true) steps.push({ atMs, kind });
  }
  return steps;
}
