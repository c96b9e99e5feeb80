/** What people do with two devices in front of them, the same in every drill and on every engine. */
import type { AttemptId, DeviceNumber } from "@hawser/base";
import type { Device, Person, Stage } from "./stage.ts";

const SECOND_MS = 1_000;
const SCAN_TIMEOUT_MS = 30 * SECOND_MS;
const LOOK_AGAIN_MS = 2 * SECOND_MS;
const PATIENCE_MS = 120 * SECOND_MS;
/** People compare six digits. */
const COMPARING_MS = 3 * SECOND_MS;

export interface LinkTry {
  readonly outcome: "linked" | "failed" | "open";
  /** When the person pressed "confirm". */
  readonly approvedAtMs: number | undefined;
  readonly readyAtMs: number | undefined;
  readonly usableAtMs: number | undefined;
  /** When either screen first said that it did not work, and the code it said it with. */
  readonly failedAtMs: number | undefined;
  readonly error: string | undefined;
}

/** Seconds from "confirm" to usable chats. */
export const usableSeconds = ({ approvedAtMs, usableAtMs }: LinkTry): number =>
  approvedAtMs === undefined || usableAtMs === undefined ? Number.POSITIVE_INFINITY : (usableAtMs - approvedAtMs) / SECOND_MS;

/** Who has added whom. */
const friends = new WeakMap<Person, Set<Person>>();

async function know(stage: Stage, from: Person, to: Person): Promise<void> {
  const known = friends.get(from) ?? new Set();
  friends.set(from, known);
  if (known.has(to)) return;
  known.add(to);
  await stage.settle(from.phone.befriend(to));
}

export async function say(stage: Stage, from: Person, to: Person, text: string, device: Device = from.phone): Promise<void> {
  if (device === from.phone) await know(stage, from, to);
  const atMs = stage.nowMs();
  await stage.settle(device.send(to, text));
  stage.ledger.note(from, to, text, atMs, device);
}

/** Seconds from then until chats stand on this device and what is written on it is kept: what "usable" means everywhere here. */
export async function untilUsable(
  stage: Stage,
  { from, device, to, text, sinceMs }: { from: Person; device: Device; to: Person; text: string; sinceMs: number },
): Promise<number> {
  const usableAtMs = await stage.until(() => device.usable(), PATIENCE_MS);
  if (usableAtMs === undefined) return Number.POSITIVE_INFINITY;
  await say(stage, from, to, text, device);
  return (stage.nowMs() - sinceMs) / SECOND_MS;
}

/** One attempt, until it works on the companion, one of the screens says that it failed, or patience ends. */
export async function tryLink(
  stage: Stage,
  person: Person,
  companion: Device,
  patienceMs = 60 * SECOND_MS,
  goal: "ready" | "usable" = "usable",
  restore?: DeviceNumber,
): Promise<LinkTry> {
  const { phone } = person;
  const beganAtMs = stage.nowMs();
  const open: LinkTry = {
    outcome: "open",
    approvedAtMs: undefined,
    readyAtMs: undefined,
    usableAtMs: undefined,
    failedAtMs: undefined,
    error: undefined,
  };
  await stage.settle(companion.beginLink());
  if (
    (await stage.until(
      () => companion.screen.codes.some(({ atMs }) => atMs >= beganAtMs) && uriOf(companion) !== undefined,
      SCAN_TIMEOUT_MS,
    )) === undefined
  )
    return open;
  stage.story.act(person.name, `scans the code on ${companion.name}`);
  await stage.settle(phone.scan(uriOf(companion)!));
  const failed = (): LinkTry | undefined => firstFailure(person, companion, beganAtMs);
  await stage.until(() => failed() !== undefined || digitsAgree(phone, companion), SCAN_TIMEOUT_MS);
  if (failed() !== undefined) return failed()!;
  if (!digitsAgree(phone, companion)) {
    const [mine, its] = [phone.screen.newestLink, companion.screen.newestLink];
    stage.story.check(
      person.name,
      false,
      `gives up: the phone shows ${mine?.stage} ${mine?.matchCode ?? ""}, the other ${its?.stage} ${its?.matchCode ?? ""}`,
    );
    return open;
  }
  await stage.wait(COMPARING_MS);
  stage.story.act(person.name, `compares ${phone.screen.newestLink!.matchCode} on both screens and confirms`);
  const approvedAtMs = stage.nowMs();
  await stage.settle(phone.approve(phone.screen.newestLink!.attempt as AttemptId, restore));
  const readyAtMs = await stage.until(async () => failed() !== undefined || (await companion.state())?.phase === "ready", patienceMs);
  if (failed() !== undefined || readyAtMs === undefined) return { ...open, ...failed(), approvedAtMs };
  if (goal === "ready") return { ...open, outcome: "linked", approvedAtMs, readyAtMs };
  const usableAtMs = await stage.until(() => companion.usable(), patienceMs);
  if (usableAtMs === undefined) return { ...open, approvedAtMs, readyAtMs };
  return { ...open, outcome: "linked", approvedAtMs, readyAtMs, usableAtMs };
}

/** People who look at both screens until it works, whatever happens to the phone meanwhile: they scan what is to be scanned and confirm what is asked. */
export async function linkPatiently(
  stage: Stage,
  person: Person,
  companion: Device,
  patienceMs: number,
): Promise<{ readonly linked: boolean; readonly scans: number }> {
  const endMs = stage.nowMs() + patienceMs;
  const scanned = new Set<string>();
  await stage.settle(companion.beginLink());
  while (stage.nowMs() < endMs) {
    await stage.wait(LOOK_AGAIN_MS);
    if ((await stage.settle(companion.state()))?.phase === "ready") return { linked: true, scans: scanned.size };
    const shown = await stage.settle(companion.link());
    const phone = (await stage.settle(person.phone.state())) === undefined ? undefined : await stage.settle(person.phone.link());
    if (shown?.stage === "failed" || shown?.stage === "paused") {
      if (shown.failuresInARow >= 2) await stage.settle(companion.cancelLink());
      await stage.settle(companion.beginLink());
    } else if (shown?.matchCode !== undefined && phone?.stage === "comparing" && phone.matchCode === shown.matchCode) {
      // The phone may be gone in the middle of it; then it is asked again.
      await stage.settle(Promise.race([person.phone.approve(phone.attempt!), giveUp(stage)])).catch(() => undefined);
    } else if (
      shown?.stage === "waiting-for-scan" &&
      shown.uri !== undefined &&
      !scanned.has(shown.uri) &&
      (await stage.settle(person.phone.state())) !== undefined
    ) {
      scanned.add(shown.uri);
      await stage.settle(Promise.race([person.phone.scan(shown.uri), giveUp(stage)])).catch(() => undefined);
    }
  }
  return { linked: false, scans: scanned.size };
}

const giveUp = (stage: Stage): Promise<void> => new Promise((resolve) => stage.after(LOOK_AGAIN_MS, resolve));

const uriOf = (companion: Device): string | undefined =>
  companion.screen.newestLink?.stage === "waiting-for-scan" ? companion.screen.newestLink.uri : undefined;

function digitsAgree(phone: Device, companion: Device): boolean {
  const [mine, its] = [phone.screen.newestLink, companion.screen.newestLink];
  return mine?.stage === "comparing" && mine.matchCode !== undefined && mine.matchCode === its?.matchCode;
}

function firstFailure({ phone }: Person, companion: Device, sinceMs: number): LinkTry | undefined {
  const failures = [phone, companion].flatMap(({ screen }) =>
    screen.stages.filter(({ atMs, stage }) => stage === "failed" && atMs >= sinceMs),
  );
  const first = failures.toSorted((a, b) => a.atMs - b.atMs)[0];
  if (first === undefined) return undefined;
  return {
    outcome: "failed",
    approvedAtMs: undefined,
    readyAtMs: undefined,
    usableAtMs: undefined,
    failedAtMs: first.atMs,
    error: first.error,
  };
}

/** Signed-in devices that are signed in no more, now or for a moment. */
export async function countSignedOut(stage: Stage, members: readonly Device[]): Promise<number> {
  let count = 0;
  for (const device of members) {
    const state = await stage.settle(device.state());
    const out = device.screen.wasSignedOut || state?.phase !== "ready";
    if (out) stage.story.check(device.name, false, `was signed out (${state?.phase ?? "not running"})`);
    if (out) count++;
  }
  return count;
}
