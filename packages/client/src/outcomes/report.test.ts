/** Reports: soon after the first outcome, then at most once a minute, never against a server's will, and off means off. */
import { OperationalError } from "@hawser/base";
import type { OutcomeCount } from "@hawser/wire";
import { beforeEach, expect, test } from "vitest";
import { OUTCOME_REPORT_EVERY_MS, OUTCOMES_SAVED_AFTER_MS } from "../bounds.ts";
import { createOutcomes, type Outcomes } from "./outcomes.ts";
import type { CountedOutcome } from "./tally.ts";

let nowMs: number;
let timers: { atMs: number; run: () => void }[];
let saved: Map<string, unknown>;
let sent: OutcomeCount[][];
let answer: () => Promise<unknown>;
let isOn: boolean;
let online: boolean;
let outcomes: Outcomes;

const clock = {
  nowMs: () => nowMs,
  monotonicMs: () => nowMs,
  after(delayMs: number, run: () => void) {
    const timer = { atMs: nowMs + delayMs, run };
    timers.push(timer);
    return () => void (timers = timers.filter((other) => other !== timer));
  },
};

const open = (): Outcomes =>
  createOutcomes(
    {
      ports: {
        clock,
        transport: { kind: "websocket" },
        storage: { kind: "memory", durable: false },
        platform: { kind: "sdk", version: "0.3.0-canary", description: "canary", engine: "canary", region: "canary" },
      },
      store: {
        kv: {
          getJson: (key: string) => saved.get(key),
          setJson: (key: string, value: unknown) => saved.set(key, structuredClone(value)),
          delete: (key: string) => saved.delete(key),
        },
      },
      identity: { settings: () => ({ reportOutcomes: isOn }), phase: () => "ready" },
    } as never,
    () =>
      ({
        get online() {
          return online;
        },
        status: () => ({ kind: "online", transport: "sse" }),
        request: (_name: string, { outcomes: reported }: { outcomes: OutcomeCount[] }) => {
          sent.push(reported);
          return answer();
        },
      }) as never,
  );

beforeEach(() => {
  nowMs = 10 * OUTCOME_REPORT_EVERY_MS;
  timers = [];
  saved = new Map();
  sent = [];
  answer = () => Promise.resolve({});
  isOn = true;
  online = true;
  outcomes = open();
});

/** Lets time pass, timer by timer. */
async function pass(ms: number): Promise<void> {
  const untilMs = nowMs + ms;
  for (;;) {
    const due = timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
    if (due === undefined) break;
    timers = timers.filter((other) => other !== due);
    nowMs = Math.max(nowMs, due.atMs);
    due.run();
    for (let i = 0; i < 5; i++) await Promise.resolve();
  }
  nowMs = untilMs;
}
const happens = (): Promise<unknown> =>
  outcomes.observer.during("recover", "restoring", () => Promise.reject(new OperationalError("RECOVERY_UNKNOWN"))).catch(() => 0);

test("kept on disk, sent soon, then at most once a minute; words that are not in the catalogue become `other`", async () => {
  await happens();
  await happens();
  await pass(OUTCOMES_SAVED_AFTER_MS);
  expect(sent).toMatchObject([[{ attempt: "recover", stage: "restoring", code: "RECOVERY_UNKNOWN", count: 2, ageQuarters: 1 }]]);
  const { $typeName: _, ...segment } = sent[0]![0]!.segment!;
  expect(segment).toEqual({
    platform: "sdk",
    engine: "other",
    version: "0.0.0",
    region: "other",
    transport: "sse",
    flags: ["fragile-storage"],
    system: "other",
    route: "none",
  });
  expect(saved.size).toBe(0);
  await happens();
  await pass(OUTCOME_REPORT_EVERY_MS - OUTCOMES_SAVED_AFTER_MS - 1);
  expect(sent).toHaveLength(1);
  expect(saved.get("outcomes")).toMatchObject([{ count: 1 }]);
  await pass(OUTCOMES_SAVED_AFTER_MS + 1);
  expect(sent).toHaveLength(2);
});

test("a failure that passes is repeated with the same counts; what is counted meanwhile is added", async () => {
  answer = () => Promise.reject(new OperationalError("STORE_UNAVAILABLE", { retry: { afterMs: 3 * OUTCOME_REPORT_EVERY_MS } }));
  await happens();
  await pass(OUTCOMES_SAVED_AFTER_MS);
  await happens();
  await pass(2 * OUTCOME_REPORT_EVERY_MS);
  expect(sent).toHaveLength(1);
  answer = () => Promise.resolve({});
  await pass(OUTCOME_REPORT_EVERY_MS);
  expect(sent.map(([row]) => row!.count)).toEqual([1, 2]);
});

test("an older server is not asked again on this connection; the next one may know the operation", async () => {
  answer = () => Promise.reject(new OperationalError("UNKNOWN_OPERATION", { retry: "never" }));
  await happens();
  await pass(10 * OUTCOME_REPORT_EVERY_MS);
  expect(sent).toHaveLength(1);
  outcomes.connected();
  await pass(OUTCOME_REPORT_EVERY_MS);
  expect(sent).toHaveLength(2);
});

test("offline they wait, also for the next start; off, nothing is kept", async () => {
  online = false;
  await happens();
  outcomes.stop();
  expect((saved.get("outcomes") as CountedOutcome[]).map(({ code }) => code)).toEqual(["RECOVERY_UNKNOWN"]);
  outcomes = open();
  online = true;
  outcomes.connected();
  await pass(OUTCOMES_SAVED_AFTER_MS);
  expect(sent).toHaveLength(1);
  isOn = false;
  await happens();
  await pass(2 * OUTCOME_REPORT_EVERY_MS);
  expect(sent).toHaveLength(1);
  expect(saved.size).toBe(0);
});
