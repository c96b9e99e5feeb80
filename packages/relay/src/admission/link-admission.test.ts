/** Invariants: goodput under load, the peak after an outage, fairness, bounds, and that nothing is spent on those who left. Virtual time. */
import { describe, expect, test } from "vitest";
import { seededRandom } from "../test-world.ts";
import { CLAIM_MS, KEPT_PLACE_MS, LinkAdmission, type LinkCapacity, MAX_APPOINTMENT_MS, UNDER_WAY_MS } from "./link-admission.ts";

const CAPACITY: LinkCapacity = { perSecond: 50, underWay: 5_000, waiting: 1_000, waitingPerParty: 4 };
const TURN_MS = 100;

const draws = (seed: number): (() => number) => {
  const random = seededRandom(seed);
  return () => {
    const [high, low] = random.bytes(2) as unknown as [number, number];
    return (high * 256 + low) / 65_536;
  };
};

interface Client {
  readonly id: string;
  readonly party: string;
  /** Gives up after so long. */
  readonly patienceMs: number;
  bornMs: number;
}

interface Run {
  readonly admittedAtMs: number[];
  readonly askedAtMs: number[];
  readonly refused: number;
  readonly estimates: { readonly toldMs: number; readonly wasMs: number }[];
}

/** Clients that keep their appointments and their patience; every admitted link takes `lifeMs`. */
function play(capacity: LinkCapacity, clients: readonly Client[], untilMs: number, lifeMs: number): Run {
  const draw = draws(5);
  const admission = new LinkAdmission(capacity, draw, 0);
  const due: { atMs: number; client: Client }[][] = [];
  const later = (atMs: number, client: Client): void => void (due[Math.ceil(atMs / TURN_MS)] ??= []).push({ atMs, client });
  for (const client of clients) later(client.bornMs, client);
  const waiting = new Map<string, { client: Client; sinceMs: number; toldMs: number }>();
  const ends: { atMs: number; id: string }[] = [];
  const estimates: Run["estimates"][number][] = [];
  const run = { admittedAtMs: [] as number[], askedAtMs: [] as number[], refused: 0, estimates, mostWaiting: 0, mostUnderWay: 0 };
  const begun = (id: string, nowMs: number): void => {
    run.admittedAtMs.push(nowMs);
    ends.push({ atMs: nowMs + lifeMs, id });
  };
  for (let turnMs = 0; turnMs <= untilMs; turnMs += TURN_MS) {
    for (const { atMs, client } of (due[turnMs / TURN_MS] ?? []).sort((a, b) => a.atMs - b.atMs)) {
      if (atMs - client.bornMs > client.patienceMs) continue;
      run.askedAtMs.push(atMs);
      const verdict = admission.ask(client.id, client.party, atMs);
      if (verdict.kind === "admitted") begun(client.id, atMs);
      else if (verdict.kind === "full") {
        run.refused++;
        later(atMs + verdict.retryAfterMs, client);
      } else if (!waiting.has(client.id)) waiting.set(client.id, { client, sinceMs: atMs, toldMs: admission.estimateMs(verdict.ticket) });
    }
    for (const [id, { client, sinceMs }] of waiting) {
      if (turnMs - client.bornMs > client.patienceMs) {
        waiting.delete(id);
        admission.end(id);
      } else if (Math.ceil((turnMs - sinceMs) / TURN_MS) % 200 === 0) admission.ask(id, client.party, turnMs);
    }
    for (const id of admission.turn(turnMs)) {
      const entry = waiting.get(id);
      waiting.delete(id);
      if (entry === undefined) throw new Error("somebody was admitted who had left");
      admission.ask(id, entry.client.party, turnMs);
      run.estimates.push({ toldMs: entry.toldMs, wasMs: turnMs - entry.sinceMs });
      begun(id, turnMs);
    }
    while (ends.length > 0 && ends[0]!.atMs <= turnMs) admission.end(ends.shift()!.id);
    run.mostWaiting = Math.max(run.mostWaiting, admission.waiting);
    run.mostUnderWay = Math.max(run.mostUnderWay, admission.underWay);
  }
  expect(run.mostWaiting).toBeLessThanOrEqual(capacity.waiting);
  expect(run.mostUnderWay).toBeLessThanOrEqual(capacity.underWay);
  return run;
}

/** The most in any window of a second. */
function peakPerSecond(timesMs: readonly number[]): number {
  let first = 0;
  let peak = 0;
  for (let last = 0; last < timesMs.length; last++) {
    while (timesMs[last]! - timesMs[first]! >= 1_000) first++;
    peak = Math.max(peak, last - first + 1);
  }
  return peak;
}

const steady = (perSecond: number, seconds: number, patienceMs: number): Client[] =>
  Array.from({ length: perSecond * seconds }, (_, i) => ({
    id: `r${i}`,
    party: `p${i}`,
    patienceMs,
    bornMs: Math.floor((i * 1_000) / perSecond),
  }));

describe("under load", () => {
  test("within the capacity nobody waits", () => {
    const run = play(CAPACITY, steady(40, 60, 600_000), 61_000, 5_000);
    expect(run.estimates).toEqual([]);
    expect(run.admittedAtMs).toHaveLength(2_400);
  });

  test("at ten times the load, goodput is at least 90 % of the capacity, with impatient people", () => {
    const run = play(CAPACITY, steady(500, 120, 45_000), 120_000, 5_000);
    expect(run.admittedAtMs.length).toBeGreaterThanOrEqual(0.9 * CAPACITY.perSecond * 120);
    expect(peakPerSecond(run.admittedAtMs)).toBeLessThanOrEqual(1.2 * CAPACITY.perSecond);
    expect(run.refused).toBeGreaterThan(10_000);
  });

  test("what people are told is about what they wait", () => {
    const run = play(CAPACITY, steady(100, 40, 600_000), 120_000, 5_000);
    expect(run.estimates.length).toBeGreaterThan(1_000);
    for (const { toldMs, wasMs } of run.estimates) expect(Math.abs(toldMs - wasMs)).toBeLessThanOrEqual(500 + 0.2 * wasMs);
  });

  test("when links under way are what is short, the line moves as they end and says so", () => {
    const run = play({ ...CAPACITY, underWay: 100 }, steady(60, 100, 600_000), 200_000, 10_000);
    expect(peakPerSecond(run.admittedAtMs)).toBeLessThanOrEqual(1.2 * CAPACITY.perSecond);
    const late = run.estimates.slice(500);
    expect(late.length).toBeGreaterThan(300);
    // 100 links of 10 s each: ten a second.
    for (const { toldMs, wasMs } of late) expect(toldMs).toBeGreaterThan(0.3 * wasMs);
  });

  test("links begun and never ended hold their room only for a while", () => {
    const admission = new LinkAdmission({ ...CAPACITY, underWay: 5 }, draws(1), 0);
    for (let i = 0; i < 5; i++) expect(admission.ask(`r${i}`, "p", 0).kind).toBe("admitted");
    expect(admission.ask("late", "q", 1_000).kind).toBe("waiting");
    expect(admission.turn(1_000)).toEqual([]);
    for (let nowMs = 30_000; nowMs < UNDER_WAY_MS; nowMs += 30_000) admission.ask("late", "q", nowMs);
    expect(admission.turn(UNDER_WAY_MS)).toEqual(["late"]);
    expect(admission.underWay).toBe(1);
  });
});

describe("after an outage", () => {
  test("10,000 who all come at once are let back in waves: the peak is at most 1.2 × the capacity, and nobody is forgotten", () => {
    const clients = Array.from({ length: 10_000 }, (_, i) => ({ id: `r${i}`, party: `p${i}`, patienceMs: 3_600_000, bornMs: 0 }));
    const run = play(CAPACITY, clients, 260_000, 5_000);
    expect(run.admittedAtMs).toHaveLength(10_000);
    expect(peakPerSecond(run.admittedAtMs)).toBeLessThanOrEqual(1.2 * CAPACITY.perSecond);
    // Whoever was told to come back comes in waves too, not in a second crowd.
    expect(peakPerSecond(run.askedAtMs.filter((atMs) => atMs > 1_000))).toBeLessThanOrEqual(1.2 * CAPACITY.perSecond + 60);
    expect(run.admittedAtMs.at(-1)! / 1_000).toBeLessThanOrEqual(10_000 / (0.9 * CAPACITY.perSecond));
  });

  test("an appointment is kept for whoever asks too early, and lies within the horizon", () => {
    const admission = new LinkAdmission({ ...CAPACITY, perSecond: 1, waiting: 1 }, draws(9), 0);
    admission.ask("first", "a", 0);
    admission.ask("second", "b", 0);
    const told = (party: string, nowMs: number): number => {
      const verdict = admission.ask(`of ${party}`, party, nowMs);
      return verdict.kind === "full" ? verdict.retryAfterMs : 0;
    };
    const first = told("c", 0);
    expect(first).toBeGreaterThan(0);
    expect(told("c", 100)).toBe(first - 100);
    const others = Array.from({ length: 2_000 }, (_, i) => told(`p${i}`, 0));
    expect(Math.max(...others)).toBeLessThanOrEqual(MAX_APPOINTMENT_MS + 1_000);
    expect(new Set(others).size).toBeGreaterThan(1_900);
  });
});

describe("the line", () => {
  const full = (nowMs = 0): LinkAdmission => {
    const admission = new LinkAdmission(CAPACITY, draws(3), nowMs);
    for (let i = 0; i < 10; i++) expect(admission.ask(`burst${i}`, `x${i}`, nowMs).kind).toBe("admitted");
    return admission;
  };

  test("is fair: many tickets of one party delay the others by at most one each round", () => {
    const admission = full();
    for (let i = 0; i < 20; i++) admission.ask(`greedy${i}`, "greedy", 0);
    expect(admission.waiting).toBe(CAPACITY.waitingPerParty);
    admission.ask("modest", "modest", 0);
    expect(admission.place("modest")?.place).toBe(2);
    expect(admission.place("greedy3")?.place).toBe(4);
    expect(admission.turn(40)).toEqual(["greedy0", "modest"]);
  });

  test("ends every round: whoever keeps coming does not overtake", () => {
    const admission = full();
    admission.ask("a1", "a", 0);
    admission.ask("a2", "a", 0);
    const order: string[] = [];
    for (let turn = 1; turn <= 40; turn++) {
      admission.ask(`new${turn}`, `n${turn}`, turn * 20);
      order.push(...admission.turn(turn * 20));
    }
    expect(order.indexOf("a2")).toBeGreaterThanOrEqual(0);
    expect(order.indexOf("a2")).toBeLessThanOrEqual(3);
  });

  test("keeps the place of a client that reconnects, and passes over one that is away", () => {
    const admission = full();
    for (const id of ["one", "two", "three"]) admission.ask(id, id, 0);
    admission.away("one", 10);
    expect(admission.turn(20)).toEqual(["two"]);
    expect(admission.ask("one", "one", 30)).toMatchObject({ kind: "waiting", ticket: { round: 0 } });
    expect(admission.turn(40)).toEqual(["one"]);
    admission.away("three", 50);
    expect(admission.turn(60 + KEPT_PLACE_MS)).toEqual([]);
    expect(admission.waiting).toBe(0);
  });

  test("drops who gave up, and a turn nobody takes up", () => {
    const admission = full();
    for (const id of ["one", "two"]) admission.ask(id, id, 0);
    admission.end("one");
    expect(admission.turn(20)).toEqual(["two"]);
    expect(admission.underWay).toBe(11);
    admission.turn(20 + CLAIM_MS);
    expect(admission.underWay).toBe(10);
    expect(admission.isAdmitted("two", 21 + CLAIM_MS)).toBe(false);
  });
});
