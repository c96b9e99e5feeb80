/**
 * What happens in a run, drawn from its seed before anything runs: which features and faults are on (each seed switches some off), and
 * the operations with their times. A plan can be cut down: an operation draws from a source of its own, so the others stay as they were.
 */
import { SeededRandom } from "../engine/seeded-random.ts";
import { hasOldVersions } from "../nodes/old-version.ts";
import { drawArchiveSteps } from "./archive-steps.ts";
import { BLOCKS } from "./block-steps.ts";
import { drawApart } from "./drawn-apart.ts";
import { OTHER_WAYS } from "./link-steps.ts";
import { NEW_PHONES } from "./phone-steps.ts";
import { LONG_ABSENCES, withAbsences } from "./dormancy-steps.ts";
import { LOST_STORES } from "./store-steps.ts";
import { type DiskPlan, drawBackups, drawDisks } from "./disk-steps.ts";
import { drawHttpTrouble, type HttpPlan } from "./frame-http-trouble.ts";
import { drawProxies, type ProxyStep } from "./proxies.ts";
import { type Operation, OPERATIONS, type OperationKind } from "./operations.ts";

export interface Step {
  /** Stays when other steps are taken away. */
  readonly id: number;
  /** After the world was set up. */
  readonly atMs: number;
  readonly kind: OperationKind;
}

export interface Plan {
  readonly seed: number;
  readonly accounts: number;
  readonly companions: number;
  /** Clocks that run fast or slow, by up to so much. */
  readonly maxDrift: number;
  readonly lostAnswers: number;
  /** Proxies on people's ways to the server; `undefined` in worlds that have nothing but WebSockets. */
  readonly proxies: readonly ProxyStep[] | undefined;
  /** What happens to requests where the other transports are HTTP; `undefined` where they are connections of another kind, or none. */
  readonly http: HttpPlan | undefined;
  readonly disks: DiskPlan | undefined;
  /** Some devices run the release before, and are updated on the way or not at all. */
  readonly oldVersions: boolean;
  readonly kinds: readonly OperationKind[];
  readonly steps: readonly Step[];
}

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

const SHORT_GAP_MS = 60_000;

/** What came when seeds had names: with it they are other worlds. */
export const LATE_TROUBLE = ["http", "disks", "people", "backups"] as const;
export type LateTrouble = (typeof LATE_TROUBLE)[number];

export interface PlanOptions {
  readonly steps?: number;
  /** No faults: everything works all the time. */
  readonly calm?: boolean;
  /** Without nights: minutes instead of days. */
  readonly short?: boolean;
  /** Trouble that is left out, so that a seed's world is the one that it was before there was such trouble. */
  readonly without?: readonly LateTrouble[];
}

const FAMILIES = [NEW_PHONES, LOST_STORES, LONG_ABSENCES, OTHER_WAYS, BLOCKS];

export function drawPlan(seed: number, options: PlanOptions = {}): Plan {
  const random = new SeededRandom(`plan ${seed}`);
  const named = (Object.keys(OPERATIONS) as OperationKind[]).filter((kind) => OPERATIONS[kind].weight > 0);
  const isLate = (kind: OperationKind): boolean => (OPERATIONS[kind] as Operation).late === true;
  const all = named.filter((kind) => !isLate(kind));
  // Swarm testing: a run with half of the faults reaches states that a run with all of them drowns.
  const share = random.pick([0.35, 0.6, 0.85]);
  const kinds = all.filter((kind) => {
    const { fault, always }: Operation = OPERATIONS[kind];
    const drawn = random.chance(share);
    return always === true || (drawn && !(fault === true && options.calm === true));
  });
  const weights = kinds.map((kind) => OPERATIONS[kind].weight * random.pick([0.5, 1, 1, 2]));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const count = options.steps ?? 25 + random.below(50);
  const pace = random.pick([0.2, 1, 1, 5]);
  const steps: Step[] = [];
  let atMs = 0;
  for (let id = 0; id < count; id++) {
    const gapMs = drawGap(random) * pace;
    atMs += options.short === true ? Math.min(gapMs, SHORT_GAP_MS) : gapMs;
    let mark = random.fraction() * total;
    const at = weights.findIndex((weight) => (mark -= weight) < 0);
    steps.push({ id, atMs, kind: kinds[Math.max(0, at)]! });
  }
  const calm = options.calm === true;
  if (!calm) for (const kind of named.filter(isLate)) kinds.push(...takeSteps(seed, kind, share, steps));
  const isLeftOut = (what: LateTrouble): boolean => options.without?.includes(what) === true;
  const oldVersions = !calm && hasOldVersions(seed);
  const disks = isLeftOut("disks") ? undefined : drawDisks(seed, atMs, calm);
  // The newest frozen release has the faults that these found.
  const people = isLeftOut("people") || oldVersions ? [] : FAMILIES.flatMap((family) => drawApart(family, seed, atMs, calm));
  // What a server forgot of moves and recoveries is another story.
  const backups = isLeftOut("backups") || people.length > 0 ? [] : drawBackups(seed, atMs, calm);
  const apart = [...drawArchiveSteps(seed, atMs, calm), ...(disks?.steps ?? []), ...people, ...backups];
  const proxies = drawProxies(seed, calm ? 0 : atMs);
  return {
    seed,
    accounts: random.chance(0.75) ? 2 : 3,
    companions: random.below(3),
    maxDrift: calm || random.chance(0.5) ? 0 : 2e-4,
    lostAnswers: calm || random.chance(0.5) ? 0 : 0.1,
    oldVersions,
    proxies,
    http: proxies === undefined || isLeftOut("http") ? undefined : drawHttpTrouble(seed, calm),
    disks: disks?.plan,
    kinds: [...new Set([...kinds, ...apart.map(({ kind }) => kind)])],
    steps: withAbsences(
      seed,
      [...steps, ...apart.map((step, at) => ({ ...step, id: count + at }))].toSorted((a, b) => a.atMs - b.atMs),
    ),
  };
}

/** Puts an operation in the place of some steps; `kind` when this seed has it at all. */
function takeSteps(seed: number, kind: OperationKind, share: number, steps: Step[]): OperationKind[] {
  const random = new SeededRandom(`plan ${seed} ${kind}`);
  if (!random.chance(share)) return [];
  const total = Object.values(OPERATIONS).reduce((sum, { weight }) => sum + weight, 0);
  for (const [at, step] of steps.entries()) if (random.fraction() * total < 2 * OPERATIONS[kind].weight) steps[at] = { ...step, kind };
  return [kind];
}

/** Most things happen in a row, some after a pause, a few after a night. */
function drawGap(random: SeededRandom): number {
  const exponential = -Math.log(1 - random.fraction());
  const kind = random.fraction();
  if (kind < 0.6) return exponential * 2 * SECOND_MS;
  if (kind < 0.9) return exponential * 60 * SECOND_MS;
  return exponential * 2 * HOUR_MS;
}
