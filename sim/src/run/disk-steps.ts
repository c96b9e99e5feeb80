/**
 * Which disks are worse than they seem, and when they show it. Drawn from a source of its own and put between the other steps, so that a seed's
 * other operations are the same with and without them.
 */
import { SeededRandom } from "../engine/seeded-random.ts";
import type { OperationKind } from "./operations.ts";

export interface DiskPlan {
  /** The server's mailboxes are synced beside the work, and its power fails. */
  readonly mailboxLags: boolean;
  /** Of the devices: their store is a mirror, and the end of a process takes what it had not flushed. */
  readonly mirroredShare: number;
  /** Stores of devices are damaged; as browsers have it, devices keep their keys in a second place. */
  readonly tears: boolean;
}

export interface DiskStep {
  readonly atMs: number;
  readonly kind: OperationKind;
}

const SHARE_WITH_DISKS = 0.3;
const MAX_STEPS = 10;
const KINDS = { serverPowerLoss: 3, crashAtCommit: 4, tornStore: 4 } satisfies Partial<Record<OperationKind, number>>;

/** `undefined`: a commit that returned is durable everywhere, and nothing is damaged. */
export function drawDisks(
  seed: number,
  untilMs: number,
  calm: boolean,
): { readonly plan: DiskPlan; readonly steps: DiskStep[] } | undefined {
  const random = new SeededRandom(`disks ${seed}`);
  if (!random.chance(SHARE_WITH_DISKS)) return undefined;
  const plan = { mailboxLags: random.chance(0.8), mirroredShare: random.pick([0, 0.5, 1]), tears: random.chance(0.5) };
  const weights = Object.entries(KINDS) as [keyof typeof KINDS, number][];
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  const steps: DiskStep[] = [];
  for (let left = calm ? 0 : 2 + random.below(MAX_STEPS - 2); left > 0; left--) {
    let mark = random.fraction() * total;
    const [kind] = weights.find(([, weight]) => (mark -= weight) < 0) ?? weights[0]!;
    const atMs = random.fraction() * untilMs;
    if (plan.tears || kind !== "tornStore") steps.push({ atMs, kind });
  }
  return { plan, steps };
}

const SHARE_WITH_BACKUPS = 0.08;

/** When the server is backed up; what is put back later is drawn with the step. Drawn apart from everything else. */
export function drawBackups(seed: number, untilMs: number, calm: boolean): DiskStep[] {
  const random = new SeededRandom(`backups ${seed}`);
  if (calm || !random.chance(SHARE_WITH_BACKUPS)) return [];
  return Array.from({ length: 1 + random.below(2) }, () => ({ atMs: random.fraction() * untilMs, kind: "serverBackup" }));
}

/** Whether a device's store is a mirror. */
export const isMirrored = (seed: number, { mirroredShare }: DiskPlan, device: string): boolean =>
  new SeededRandom(`mirror ${seed} ${device}`).chance(mirroredShare);
