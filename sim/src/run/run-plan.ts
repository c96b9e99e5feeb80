/** Runs one plan: sets the world up, lets everything happen, heals, waits for agreement, and says what was broken. */
import { CANARY } from "../check/wire-watch.ts";
import { discrepancies } from "../check/convergence.ts";
import { checkRevokedReaders, checkServerDisks, checkSignedOut } from "../check/final.ts";
import type { Violation } from "../check/violation.ts";
import { ProcessDied } from "../engine/machine.ts";
import { GOOD_MANNERS } from "../engine/network.ts";
import { WORLD_STARTS_MS } from "../engine/scheduler.ts";
import { SeededRandom } from "../engine/seeded-random.ts";
import { type Account, describeFault, type Seams, World } from "../nodes/world.ts";
import { drawPrograms, TODAY } from "../nodes/old-version.ts";
import { Cast } from "./cast.ts";
import { isMirrored } from "./disk-steps.ts";
import { heal } from "./fault-operations.ts";
import { meetHttpTrouble } from "./frame-http-trouble.ts";
import { removeGhosts } from "./people-operations.ts";
import { OPERATIONS } from "./operations.ts";
import { meetProxy } from "./proxies.ts";
import type { Plan } from "./plan.ts";

/** After the last fault everything agrees within this time of the world. */
export const HEAL_BOUND_MS = 40 * 60_000;
const LOOK_EVERY_MS = 30_000;
/** So long after healing a device that wiped itself may still stand in its list by itself. */
const GHOSTS_STAY_MS = 5 * 60_000;
const SETUP_MS = 20_000;
const AFTER_LAST_STEP_MS = 10_000;
const HANDLES = ["anna", "bela", "cyrus", "dilan"];

export interface RunResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** Of everything that happened: the same seed gives the same. */
  readonly traceHash: string;
  readonly events: number;
  readonly virtualMs: number;
  /** Simulated time of all devices together. */
  readonly deviceMs: number;
  readonly devices: number;
  readonly messages: number;
  readonly links: number;
  /** From the end of the faults to agreement. */
  readonly healedAfterMs: number;
  readonly lastLines: readonly string[];
}

export interface RunOptions {
  readonly seams?: Seams;
  readonly follow?: (line: string) => void;
  /** Shown the world before anything happens in it. */
  readonly onWorld?: (world: World) => void;
}

export async function runPlan(plan: Plan, options: RunOptions = {}): Promise<RunResult> {
  const programOf = plan.oldVersions ? await drawPrograms(plan.seed) : TODAY;
  const fallbacks = plan.proxies === undefined ? "none" : plan.http === undefined ? "connections" : "http";
  const { seed, disks } = plan;
  const isMirror = (device: string): boolean => disks !== undefined && isMirrored(seed, disks, device);
  const world = new World({
    seed,
    fallbacks,
    programOf,
    mailboxLags: disks?.mailboxLags === true,
    isMirror,
    hasVault: (device) => disks?.tears === true || (plan.kinds.includes("loseStore") && device.includes("-phone")),
    ...options,
  });
  if (plan.http?.stripsUpgrades === true) world.network.usualManners = { ...GOOD_MANNERS, websocket: "refused" };
  options.onWorld?.(world);
  const cast = new Cast(world);
  const onRejection = (reason: unknown): void => {
    if (reason instanceof ProcessDied) return;
    world.violations.add("no fault inside", `unhandled: ${describeFault(reason)}`);
  };
  process.on("unhandledRejection", onRejection);
  process.on("uncaughtException", onRejection);
  try {
    return await play(plan, world, cast);
  } finally {
    process.off("unhandledRejection", onRejection);
    process.off("uncaughtException", onRejection);
    world.close();
  }
}

async function play(plan: Plan, world: World, cast: Cast): Promise<RunResult> {
  const { scheduler, violations } = world;
  await setUp(plan, world, cast);
  let deviceMs = world.devices.length * SETUP_MS;
  const root = new SeededRandom(`steps ${plan.seed}`);
  const drift = root.fork("drift");
  for (const device of world.devices) device.machine.drift = drift.between(-plan.maxDrift, plan.maxDrift);
  world.httpFaults.lostAnswers = plan.lostAnswers;
  if (plan.http !== undefined) meetHttpTrouble(cast, plan.http);
  for (const proxy of plan.proxies ?? []) cast.after(proxy.atMs, () => (cast.healing ? undefined : meetProxy(cast, proxy)));
  let atMs = 0;
  for (const step of plan.steps) {
    await scheduler.run(step.atMs - atMs);
    deviceMs += (step.atMs - atMs) * world.devices.length;
    atMs = step.atMs;
    await perform(cast, root, step);
  }
  await scheduler.run(AFTER_LAST_STEP_MS);
  cast.healing = true;
  heal(cast);
  const healedAtMs = scheduler.nowMs;
  let found = await agreed(cast);
  while (found.length > 0 && scheduler.nowMs - healedAtMs < HEAL_BOUND_MS) {
    await scheduler.run(LOOK_EVERY_MS);
    if (scheduler.nowMs - healedAtMs >= GHOSTS_STAY_MS) removeGhosts(cast);
    found = await agreed(cast);
  }
  const healedAfterMs = scheduler.nowMs - healedAtMs;
  deviceMs += (healedAfterMs + AFTER_LAST_STEP_MS) * world.devices.length;
  for (const { rule, text } of found) violations.add(rule, text);
  checkRevokedReaders(world);
  checkSignedOut(world);
  checkServerDisks(world);
  return {
    seed: plan.seed,
    violations: [...violations.list],
    traceHash: world.trace.digest(),
    events: scheduler.events,
    virtualMs: scheduler.nowMs - WORLD_STARTS_MS,
    deviceMs,
    devices: world.devices.length,
    messages: world.wire.accepted.size,
    links: world.oracle.numbers.size - world.accounts.length,
    healedAfterMs,
    lastLines: world.trace.lines.slice(-60),
  };
}

/** People who stand before two screens are waited for like everything else. */
async function agreed(cast: Cast): Promise<Violation[]> {
  const found = await discrepancies(cast);
  return [...[...cast.busy()].map((what): Violation => ({ rule: "every wait ends", text: `${what} is still under way` })), ...found];
}

async function perform(cast: Cast, root: SeededRandom, step: Plan["steps"][number]): Promise<void> {
  // An operation is begun, not waited for: what it waits for is part of the world.
  const done = OPERATIONS[step.kind].run(cast, root.fork(`step ${step.id}`));
  if (done instanceof Promise) void done.catch((error: unknown) => cast.note(`step ${step.id} (${step.kind}): ${String(error)}`));
  await Promise.resolve();
}

async function setUp(plan: Plan, world: World, cast: Cast): Promise<void> {
  const { scheduler } = world;
  world.server.start();
  for (const handle of HANDLES.slice(0, plan.accounts)) {
    const account: Account = { handle, id: undefined, devices: [] };
    world.accounts.push(account);
    const phone = world.addDevice(account, `${handle}-phone`).start();
    void phone?.createAccount({ handle, displayName: `${CANARY} ${handle}`, deviceName: `${CANARY} phone` }).then((self) => {
      account.id = self.account;
    });
  }
  await world.scheduler.run(SETUP_MS / 2);
  for (const account of world.accounts) {
    for (const other of world.accounts) {
      if (account === other || other.id === undefined) continue;
      const { client } = cast.phone(account);
      const added = client!.addContact({ account: other.id, name: `${CANARY} ${other.handle}`, handle: other.handle });
      await scheduler.until(added);
    }
  }
  for (let i = 0; i < plan.companions; i++)
    cast.links.begin(world.accounts[i % world.accounts.length]!, world.random.fork(`first link ${i}`));
  await world.scheduler.run(SETUP_MS / 2);
}
