/** The run's deadline in virtual time, what servers and others answer read as findings, and a report that holds nothing of anybody. */
import type { Clock, FrameConnectionEvents, Transport } from "@hawser/base";
import { create } from "@bufbuild/protobuf";
import { encodeFrame, ServerHelloSchema } from "@hawser/wire";
import { describe, expect, test } from "vitest";
import { carrierProbes } from "./carrier-probe.ts";
import { readEngine } from "./engine-facts.ts";
import type { Findings, MissingReason, ProbeName } from "./findings.ts";
import { readGreeting } from "./greeting.ts";
import { readHealth } from "./health.ts";
import { judge } from "./judge.ts";
import { writeReport } from "./report.ts";
import { collectEvidence, HOP_DEADLINE_MS, type Probe, RUN_DEADLINE_MS } from "./run.ts";

interface VirtualClock extends Clock {
  /** Lets time pass to the next timer, until none is left. */
  run(): Promise<void>;
}

function virtualClock(): VirtualClock {
  let nowMs = 1_000;
  let timers: { atMs: number; callback: () => void }[] = [];
  const clock: VirtualClock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, callback) {
      const timer = { atMs: nowMs + delayMs, callback };
      timers.push(timer);
      return () => (timers = timers.filter((other) => other !== timer));
    },
    async run() {
      await new Promise((resolve) => setImmediate(resolve));
      while (timers.length > 0) {
        timers.sort((one, other) => one.atMs - other.atMs);
        const next = timers.shift()!;
        nowMs = next.atMs;
        next.callback();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
  return clock;
}

describe("a run", () => {
  const after = (clock: Clock, delayMs: number, names: readonly ProbeName[], found: Partial<Findings>): Probe => ({
    names,
    run: () => new Promise((resolve) => void clock.after(delayMs, () => resolve(found))),
  });

  test("ends at its deadline, with what there is by then", async () => {
    const clock = virtualClock();
    const never: Probe = { names: ["tls", "socket"], run: () => new Promise(() => undefined) };
    const running = collectEvidence({
      probes: [
        never,
        after(clock, 200, ["http"], { http: { kind: "silent" } }),
        after(clock, 60_000, ["others"], { others: { kind: "online" } }),
      ],
      clock,
    });
    await clock.run();
    const evidence = await running;
    expect(evidence.tookMs).toBe(RUN_DEADLINE_MS);
    expect(evidence.tookMs).toBeLessThanOrEqual(5_000);
    expect(evidence.findings).toEqual({ http: { kind: "silent" } });
    expect([evidence.missing.tls, evidence.missing.others, evidence.missing.storage]).toEqual(["deadline", "deadline", "not-here"]);
    expect(HOP_DEADLINE_MS).toBeLessThan(RUN_DEADLINE_MS);
  });

  test("ends as soon as all have answered, tells each as it comes, and takes from a probe only what it may find", async () => {
    const clock = virtualClock();
    const seen: [Partial<Findings>, Partial<Record<ProbeName, MissingReason>>][] = [];
    const running = collectEvidence({
      probes: [
        after(clock, 10, ["http", "roles"], { http: { kind: "silent" }, device: { kind: "revoked" } }),
        { names: ["storage"], run: () => Promise.reject(new Error("no such file")) },
      ],
      clock,
      found: (findings, missing) => seen.push([findings, missing]),
    });
    await clock.run();
    expect((await running).tookMs).toBe(10);
    expect(seen.map(([findings]) => Object.keys(findings))).toEqual([[], ["http"]]);
    expect(seen.at(-1)![1]).toEqual({ storage: "failed", roles: "not-here" });
    expect((await collectEvidence({ probes: [], clock })).findings).toEqual({});
  });
});

describe("what comes back from /healthz", () => {
  const UP = { mailbox: "up", directory: "up", prekeys: "up", rendezvous: "up", blobs: "up" };
  const OURS = { "x-content-type-options": "nosniff" };
  const read = (body: unknown, change: { status?: number; headers?: Record<string, string> } = {}) =>
    readHealth(
      {
        status: change.status ?? 200,
        headers: change.headers ?? OURS,
        body: typeof body === "string" ? body : JSON.stringify(body),
        tookMs: 40,
        receivedAtMs: 1_000_020,
      },
      "00ff",
    );
  const body = (more: object = {}) => ({
    status: "ok",
    roles: UP,
    probe: "00ff",
    timeMs: 1_000_000,
    protocol: { min: 1, max: 1 },
    ...more,
  });

  test("our server's answer gives roles, clock, version and crowd", () => {
    expect(read(body({ crowd: "fewer" }))).toEqual({
      http: { kind: "answered", tookMs: 40 },
      roles: { kind: "up" },
      clock: { kind: "right", offsetMs: 0 },
      version: { kind: "fits" },
      crowd: { kind: "fewer" },
    });
    expect(read(body({ timeMs: 1_000_000 - 86_400_000 })).clock).toEqual({ kind: "off", offsetMs: 86_400_000 });
    expect(read(body({ protocol: { min: 9, max: 9 } })).version).toEqual({ kind: "client-old" });
    expect(read(body({ protocol: { min: 0, max: 0 } })).version).toEqual({ kind: "server-old" });
    expect(read(body({ roles: { ...UP, rendezvous: "out of service", blobs: "down" } }), { status: 503 }).roles).toEqual({ kind: "down", roles: ["rendezvous", "blobs"] }); // prettier-ignore
  });

  test("anybody else's is told apart", () => {
    expect(read("<html>Sign in</html>").http).toEqual({ kind: "foreign", status: 200 });
    expect(read('{"ok":true}').http).toEqual({ kind: "foreign", status: 200 });
    expect(read("null", { status: 504 }).http).toEqual({ kind: "faulty", status: 504 });
    expect(read("", { status: 302 }).http).toEqual({ kind: "redirected" });
    expect(read(body({ probe: "1234" })).http).toEqual({ kind: "stale" });
    expect(read(body(), { headers: {} }).http).toEqual({ kind: "altered" });
  });

  test("nonsense in single fields is left out", () => {
    expect(Object.keys(read(body({ timeMs: "now", protocol: 7, crowd: "<b>" })))).toEqual(["http", "roles"]);
  });
});

test("the first frame says whether the server greets, and in which protocol", () => {
  const hello = (protocolMin: number) =>
    encodeFrame({ type: "server-hello", message: create(ServerHelloSchema, { nonce: new Uint8Array(32), origin: "https://a.example", protocolMin, protocolMax: 9 }) }); // prettier-ignore
  expect(readGreeting(hello(1))).toEqual({ socket: { kind: "greeted" }, version: { kind: "fits" } });
  expect(readGreeting(hello(2)).version).toEqual({ kind: "client-old" });
  expect(readGreeting(new Uint8Array([0x7f, 1])).socket).toEqual({ kind: "failed" });
});

test("another kind of connection works when the server greets over it, not when it opens, and is always left", async () => {
  const clock = virtualClock();
  const left: string[] = [];
  const transport = (kind: string, happens: (events: FrameConnectionEvents) => void): Transport => ({
    kind,
    open(_url, events) {
      happens(events);
      return { send: () => undefined, bufferedBytes: 0, close: () => left.push(kind) };
    },
  });
  const hello = encodeFrame({ type: "server-hello", message: create(ServerHelloSchema, { protocolMin: 1, protocolMax: 1 }) });
  const probes = [
    ...carrierProbes({ events: transport("greets", (on) => on.frame(hello)), poll: transport("opens", (on) => on.opened()) }, "", clock),
    ...carrierProbes({ events: transport("refuses", (on) => on.closed(1006, "")), poll: transport("babbles", (on) => on.frame(new Uint8Array([9]))) }, "", clock),
  ]; // prettier-ignore
  const results = Promise.all(probes.map((probe) => probe.run()));
  await clock.run();
  expect((await results).map((found) => Object.values(found)[0]?.kind)).toEqual(["works", "blocked", "blocked", "blocked"]);
  expect(left.toSorted()).toEqual(["babbles", "greets", "opens", "refuses"]);
});

test("what an engine knows of itself", () => {
  const engine = {
    phase: "ready",
    connection: { kind: "online" },
    listed: true,
    listConflict: false,
    storageIntact: true,
    storage: { kind: "opfs", durable: true },
    linkFailuresInARow: 0,
  } as const;
  expect(readEngine(engine)).toEqual({ device: { kind: "member" }, session: { kind: "online" }, storage: { kind: "lasting" } });
  expect(readEngine({ ...engine, connection: { kind: "offline", error: "UNKNOWN_DEVICE" } }).session).toEqual({ kind: "forgotten" });
  expect(readEngine({ ...engine, connection: { kind: "offline", error: "UNREACHABLE" } }).session).toEqual({ kind: "offline" });
  expect(readEngine({ ...engine, connection: { kind: "connecting", attempt: 1 } }).session).toBeUndefined();
  expect(readEngine({ ...engine, connection: { kind: "connecting", attempt: 3 } }).session).toEqual({ kind: "offline" });
  const replaced = readEngine({ ...engine, connection: { kind: "offline", error: "REPLACED_BY_SAME_DEVICE" } });
  expect([replaced.session, replaced.storage]).toEqual([undefined, { kind: "locked" }]);
  expect(readEngine({ ...engine, connection: { kind: "offline", error: "STORE_UNAVAILABLE" } }).session).toEqual({ kind: "refused" });
  expect(readEngine({ ...engine, connection: { kind: "update-needed", error: "CLIENT_TOO_OLD" } }).session).toBeUndefined();
  expect(readEngine({ ...engine, connection: { kind: "update-needed", error: "CLIENT_TOO_OLD" } }).version).toEqual({ kind: "client-old" });
  expect(readEngine({ ...engine, listed: false }).device).toEqual({ kind: "unlisted" });
  expect(readEngine({ ...engine, storage: { kind: "memory", durable: false } }).storage).toEqual({ kind: "fleeting" });
  expect(readEngine({ ...engine, phase: "linking", linkFailuresInARow: 3 }).links).toEqual({ kind: "failing", inARow: 3 });
});

test("a report holds words of the lists and numbers, whatever was put in from outside", () => {
  const evidence = {
    startedAtMs: 1_800_000_000_000,
    tookMs: 812,
    findings: { http: { kind: "foreign", status: 200 }, clock: { kind: "off", offsetMs: 12 } } as const,
    missing: { tcp: "deadline" } as const,
    changes: [{ atMs: 1_800_000_000_000 - 600_000, kind: "clock-jump", amount: 3_600 }] as const,
  };
  const verdict = judge(evidence);
  const report = writeReport(evidence, verdict, { platform: "web", appVersion: "0.1.0", time: "2027-01-15T08:00:00.000Z" });
  expect(report).toContain("Hawser 0.1.0 (web), 2027-01-15T08:00:00.000Z, 812 ms\nverdict: network LOGIN_PAGE");
  expect(report).toContain("  tcp: not seen (deadline)\n");
  expect(report).toContain("  10 min before: clock-jump 3600 s\n");
  const foreign = writeReport(evidence, verdict, { platform: "web", appVersion: "canary", time: "canary" });
  expect(foreign).not.toContain("canary");
});
