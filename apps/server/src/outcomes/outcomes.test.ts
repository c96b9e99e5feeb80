/** Nothing enters the stream but words of the catalogue; labels are bounded; a store that is away costs rows and nothing else. */
import type { AccountId, DeviceNumber } from "@hawser/base";
import { openSqliteDatabase, systemRandom } from "@hawser/io-node";
import type { Caller } from "@hawser/relay";
import { ERROR_CODES, MAX_OUTCOME_COUNT, OUTCOME_ATTEMPTS, OutcomeCountSchema, OutcomeSegmentSchema } from "@hawser/wire";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { createMetrics } from "../ops/metrics.ts";
import { LOOK_AGAIN_MS, watchNeighbours } from "./neighbours.ts";
import { OutcomeStore } from "./outcome-store.ts";
import { MAX_TALLIED, OutcomeTally } from "./outcome-tally.ts";
import { createOutcomes, MAX_ANONYMOUS_COUNT, type ServerOutcomes } from "./outcomes.ts";

const NOW_MS = 1_800_000_000_000;
const CANARY = "anna@canary.example";
const SEGMENT = {
  platform: "web",
  engine: "firefox",
  version: "0.2.0",
  region: "europe",
  transport: "websocket",
  flags: [],
  system: "ios",
  route: "code",
};
const GOOD = { attempt: "connect", stage: "opening", code: "connect-deadline", durationBucket: 5, count: 2, ageQuarters: 1 };

let metrics: ReturnType<typeof createMetrics>;
let store: OutcomeStore;
let outcomes: ServerOutcomes;
let isUp: boolean;
let warned: string[];
const timers: { afterMs: number; run: () => void }[] = [];
const clock = {
  nowMs: () => NOW_MS,
  monotonicMs: () => 0,
  after(afterMs: number, run: () => void) {
    timers.push({ afterMs, run });
    return () => undefined;
  },
};

beforeEach(() => {
  metrics = createMetrics();
  store = new OutcomeStore(openSqliteDatabase(":memory:"), systemRandom);
  isUp = true;
  warned = [];
  timers.length = 0;
  outcomes = createOutcomes({
    clock,
    metrics,
    log: { info: () => undefined, warn: (event) => warned.push(event), error: () => undefined },
    store() {
      if (!isUp) throw new Error("away");
      return store;
    },
  });
});

const device = { address: { account: "a" as AccountId, device: 1 as DeviceNumber } } as Caller;
const stranger = { address: undefined } as Caller;
const counted = (change: MessageInitShape<typeof OutcomeCountSchema> = {}, segment: MessageInitShape<typeof OutcomeSegmentSchema> = {}) =>
  create(OutcomeCountSchema, { ...GOOD, segment: create(OutcomeSegmentSchema, { ...SEGMENT, ...segment }), ...change });

test("reports are marked by who said so, counted together, and a stranger's word weighs little", async () => {
  expect(outcomes.reported(device, [counted(), counted()])).toEqual([]);
  expect(outcomes.reported(stranger, [counted({ count: MAX_OUTCOME_COUNT })])).toEqual([]);
  outcomes.flush();
  expect(store.read(0, 10)).toMatchObject([
    { source: "device", count: 4, segment: SEGMENT, attempt: "connect", durationBucket: 5, atMs: NOW_MS - 900_000 - (NOW_MS % 60_000) },
    { source: "anonymous", count: MAX_ANONYMOUS_COUNT },
  ]);
  const text = await metrics.expose();
  expect(text).toContain('hawser_device_outcomes_total{outcome="connect connect-deadline"} 4');
  expect(text).toContain(`hawser_anonymous_outcomes_total{outcome="connect connect-deadline"} ${MAX_ANONYMOUS_COUNT}`);
});

test("whatever is outside the catalogue is refused by its error, and takes nothing along", () => {
  const wrong = [
    counted({ attempt: CANARY }),
    counted({ attempt: "toString" }),
    counted({ stage: CANARY }),
    counted({ code: CANARY }),
    counted({ stage: "online" }),
    counted({ attempt: "store", stage: "commit", code: "OK" }),
    counted({ durationBucket: 10 }),
    counted({ count: 0 }),
    counted({ count: MAX_OUTCOME_COUNT + 1 }),
    counted({ ageQuarters: 10_000 }),
    counted({ segment: undefined }),
    counted({}, { platform: CANARY }),
    counted({}, { engine: CANARY }),
    counted({}, { version: "0.2.0-anna" }),
    counted({}, { version: "1.2.34567" }),
    counted({}, { region: "Berlin" }),
    counted({}, { transport: "" }),
    counted({}, { system: CANARY }),
    counted({}, { route: CANARY }),
    counted({}, { flags: [CANARY] }),
    counted({}, { flags: ["fragile-storage", "fragile-storage"] }),
  ];
  const answer = outcomes.reported(device, [counted(), ...wrong]);
  expect(answer.map(({ index, error }) => [index, error])).toEqual(wrong.map((_, i) => [i + 1, ERROR_CODES.OUTCOME_UNKNOWN.code]));
  outcomes.flush();
  expect(store.read(0, 100)).toHaveLength(1);
});

test("links by system: phones speak for themselves, strangers for no phone, and the labels are few", async () => {
  const link = (attempt: string, stage: string, code: string, system: string) => counted({ attempt, stage, code, count: 1 }, { system });
  outcomes.reported(device, [
    link("link-phone", "confirming", "OK", "ios"),
    link("link-phone", "offering", "REQUEST_DEADLINE", "ios"),
    link("link-phone", "comparing", "DECLINED", "android"),
    link("link-companion", "activating", "OK", "windows"),
    // Of a program that does not say.
    link("link-phone", "confirming", "OK", ""),
    link("move-old-phone", "confirming", "OK", "ios"),
  ]);
  outcomes.reported(stranger, [
    link("link-phone", "offering", "REQUEST_DEADLINE", "ios"),
    link("link-companion", "requesting", "SERVER_UNREACHABLE", "macos"),
  ]);
  const lines = (await metrics.expose()).split("\n").filter((line) => line.startsWith("hawser_links_total{"));
  expect(lines.toSorted()).toEqual([
    'hawser_links_total{link="companion macos failed"} 1',
    'hawser_links_total{link="companion windows OK"} 1',
    'hawser_links_total{link="phone android stopped"} 1',
    'hawser_links_total{link="phone ios OK"} 1',
    'hawser_links_total{link="phone ios failed"} 1',
    'hawser_links_total{link="phone other OK"} 1',
  ]);
  outcomes.flush();
  expect(store.read(0, 100).find(({ attempt, segment }) => attempt === "link-phone" && segment.system === "other")).toBeDefined();
});

test("no text that somebody chose reaches the stream or a label", async () => {
  const text = fc.oneof(fc.string(), fc.constantFrom(CANARY, "connect", "opening", "OK", "web", "europe", "0.1.0"));
  fc.assert(
    fc.property(fc.tuple(text, text, text, text, text, text, text, text, text, text, fc.array(text, { maxLength: 3 })), (words) => {
      const [attempt, stage, code, platform, engine, version, region, transport, system, route, flags] = words;
      outcomes.reported(device, [
        counted({ attempt, stage, code }, { platform, engine, version, region, transport, system, route, flags }),
      ]);
      outcomes.reported(device, [counted({ code }, {}), counted({}, { flags })]);
    }),
    { numRuns: 2_000 },
  );
  outcomes.flush();
  expect(JSON.stringify(store.read(0, 5_000))).not.toContain("canary");
  const exposed = await metrics.expose();
  expect(exposed).not.toContain("canary");
  const codes = Object.keys(ERROR_CODES).length;
  const possible = Object.values(OUTCOME_ATTEMPTS).reduce((sum, { codes: own }) => sum + own.length + codes + 1, 0);
  expect(exposed.split("\n").filter((line) => line.startsWith("hawser_device_outcomes_total{")).length).toBeLessThanOrEqual(possible);
  expect(possible).toBeLessThan(2_000);
});

test("the server's own attempts are read off the gateway's counters and the answers to requests", () => {
  outcomes.metrics.counter("hawser_goodbyes_total", "x", "error").add(1, "RATE_LIMITED");
  outcomes.metrics.counter("hawser_authentications_total", "x").add(1);
  outcomes.metrics.counter("hawser_messages_acknowledged_total", "x").add(7);
  outcomes.metrics.counter("hawser_messages_rejected_total", "x", "error").add(1, "STALE_LIST");
  outcomes.metrics.counter("hawser_deliveries_total", "x").add(9);
  outcomes.answered("rendezvousPut", "RENDEZVOUS_EXPIRED");
  outcomes.answered("publishDeviceList", undefined);
  outcomes.flush();
  expect(store.read(0, 100).map(({ attempt, stage, code, count, source }) => [attempt, stage, code, count, source])).toEqual([
    ["admit", "goodbye", "RATE_LIMITED", 1, "server"],
    ["admit", "welcome", "OK", 1, "server"],
    ["store", "commit", "OK", 7, "server"],
    ["store", "commit", "STALE_LIST", 1, "server"],
    ["serve", "rendezvousPut", "RENDEZVOUS_EXPIRED", 1, "server"],
    ["serve", "publishDeviceList", "OK", 1, "server"],
  ]);
});

test("a store that is away: nothing is thrown, said once, and what was counted meanwhile is written later", () => {
  isUp = false;
  outcomes.answered("ping", undefined);
  outcomes.flush();
  outcomes.answered("ping", undefined);
  outcomes.flush();
  expect(warned).toEqual(["outcomes-not-written"]);
  isUp = true;
  outcomes.flush();
  expect(store.read(0, 10)).toMatchObject([{ stage: "ping", count: 2 }]);
});

test("the stream keeps so many rows and so many days; positions are never used again", () => {
  const row = { source: "server", attempt: "store", stage: "commit", code: "OK", durationBucket: 0, segment: SEGMENT, count: 1 } as const;
  store.append(Array.from({ length: 10 }, (_, i) => ({ ...row, atMs: i < 3 ? 0 : NOW_MS })));
  store.prune(NOW_MS, 5);
  expect(store.read(0, 100).map(({ position }) => position)).toEqual([6, 7, 8, 9, 10]);
  store.prune(NOW_MS + 40 * 24 * 3_600_000);
  expect(store.read(0, 100)).toEqual([]);
  store.append([{ ...row, atMs: NOW_MS }]);
  expect(store.read(0, 100).map(({ position }) => position)).toEqual([11]);
  expect(store.read(11, 100)).toEqual([]);
});

test("the tally is bounded, and what a failed write did not take stays", () => {
  const tally = new OutcomeTally();
  const row = { source: "server", attempt: "a", stage: "s", durationBucket: 0, segment: SEGMENT, count: 1, atMs: 0 } as const;
  for (let i = 0; i < MAX_TALLIED + 50; i++) tally.add({ ...row, code: `c${i}` });
  const refuse = (): never => {
    throw new Error("full");
  };
  expect(() => tally.drain(refuse)).toThrow("full");
  let written = 0;
  tally.drain((rows) => (written = rows.length));
  expect(written).toBe(MAX_TALLIED);
});

test("neighbours of a changed list: those that stay on it and are gone a little later are counted", () => {
  const devices = (...numbers: number[]) => numbers as DeviceNumber[];
  let connected = devices(1, 2, 3, 4);
  const seen: [number, number][] = [];
  const watch = watchNeighbours(clock, () => connected, (still, lost) => seen.push([still, lost])); // prettier-ignore
  watch.listChanged("a" as AccountId, devices(4));
  watch.listChanged("a" as AccountId, devices());
  expect(timers.map(({ afterMs }) => afterMs)).toEqual([LOOK_AGAIN_MS]);
  connected = devices(1, 3, 5);
  timers[0]!.run();
  expect(seen).toEqual([[2, 1]]);
});
