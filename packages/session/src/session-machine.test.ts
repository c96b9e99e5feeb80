/**
 * Invariants of the session machine, over its tables and over 10,000 random runs: at most one transport is open, nothing but
 * one ClientHello leaves before Welcome, no state waits without its timer, and nobody is revoked without a verified list.
 */
import { findDeadEnds, toMermaid } from "@hawser/base";
import { create } from "@bufbuild/protobuf";
import {
  ClientHelloSchema,
  ERROR_CODES,
  type ErrorName,
  GoodbyeSchema,
  PushSchema,
  RequestSchema,
  ResponseSchema,
  ServerHelloSchema,
  SignedDeviceListSchema,
  type ServerFrame,
  WelcomeSchema,
} from "@hawser/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  describeSession,
  INITIAL_SESSION,
  restoreSession,
  SESSION_STATES,
  sessionDeadEnds,
  type SessionEffect,
  type SessionInput,
  type SessionState,
  sessionStatus,
  stepSession,
} from "./index.ts";

const ORIGIN = "https://chat.example";
/** Every draw is one half. */
const context = { nowMs: 1_000_000, random: { bytes: (size: number) => new Uint8Array(size).fill(128, 0, 1) } };
const hello = (origin = ORIGIN, min = 1, max = 1): ServerFrame => ({
  type: "server-hello",
  message: create(ServerHelloSchema, { nonce: new Uint8Array(32), serverTimeMs: 1_000_250n, origin, protocolMin: min, protocolMax: max }),
});
const welcome: ServerFrame = { type: "welcome", message: create(WelcomeSchema, { protocol: 1, device: { waiting: 2n } }) };
const goodbye = (error: ErrorName, retryAfterMs = 0, list = false): ServerFrame => ({
  type: "goodbye",
  message: create(GoodbyeSchema, {
    error: ERROR_CODES[error].code,
    retryAfterMs,
    ...(list ? { revokingList: create(SignedDeviceListSchema, {}) } : {}),
  }),
});
const clientHello = create(ClientHelloSchema, {});

/** Runs inputs; `connection` and `effectId` are filled in with those under way. */
function run(inputs: readonly ((state: SessionState) => SessionInput)[], from: SessionState = INITIAL_SESSION) {
  let state = from;
  const effects: SessionEffect[] = [];
  for (const input of inputs) {
    const step = stepSession(state, input(state), context);
    state = step.state;
    effects.push(...step.effects);
  }
  return { state, effects, status: sessionStatus(state) };
}
const start = (): SessionInput => ({ type: "start", mode: "device", origin: ORIGIN });
const opened = (state: SessionState): SessionInput => ({ type: "opened", connection: state.connection });
const frame =
  (value: ServerFrame) =>
  (state: SessionState): SessionInput => ({ type: "frame", connection: state.connection, frame: value });
const signed = (state: SessionState): SessionInput => ({ type: "signed", effectId: state.asked, hello: clientHello });
const timer = (name: "deadline" | "retry" | "ping" | "watchdog" | "good") => (): SessionInput => ({ type: "timer", timer: name });
const checked =
  (valid: boolean) =>
  (state: SessionState): SessionInput => ({ type: "revocation-checked", effectId: state.asked, valid });
const ONLINE = [start, opened, frame(hello()), signed, frame(welcome)];

describe("tables", () => {
  test("every waiting state has a deadline and a way out", () => expect(sessionDeadEnds()).toEqual([]));

  test("the check finds what it looks for", () => {
    const rows = [{ in: "a" as const, on: "x", to: ["b" as const], run: undefined }];
    expect(findDeadEnds({ a: {}, b: { deadline: { timer: "t", why: "" } } }, rows, (name) => `timer:${name}`)).toEqual([
      "a: no deadline",
      "b: no way out",
      "b: nobody answers t",
    ]);
    const work = { why: "", ends: ["x", "y"], withinMs: 0 };
    expect(findDeadEnds({ a: { work }, b: { resting: "final", work } }, rows, String)).toEqual([
      "a: y does not end its work",
      "a: work without an end",
      "b: rests and waits",
    ]);
    expect(findDeadEnds({ a: { resting: "final" }, b: { resting: "final" } }, rows, String)).toEqual(["a: not final"]);
  });

  test("every state can be reached, and the diagram names each", () => {
    const reached = new Set(["idle", ...describeSession().map(({ next }) => next)]);
    expect([...reached].sort()).toEqual(Object.keys(SESSION_STATES).sort());
    const drawing = toMermaid(describeSession());
    for (const kind of Object.keys(SESSION_STATES)) expect(drawing).toContain(kind);
  });
});

describe("connecting", () => {
  test("hello, signature, welcome", () => {
    const { status, effects } = run(ONLINE);
    expect(status).toEqual({ kind: "online", clockOffsetMs: 250, catchingUp: 2 });
    expect(effects.filter(({ type }) => type === "send-frame")).toHaveLength(1);
  });

  test.each([0n, 2n ** 64n - 1n])("a server's clock that says %s moves this device's time by a day, not by years", (serverTimeMs) => {
    const given = hello() as Extract<ServerFrame, { type: "server-hello" }>;
    const lying = frame({ ...given, message: { ...given.message, serverTimeMs } });
    const late = { ...context, nowMs: 1_700_000_000_000 };
    const state = [start, opened, lying].reduce((before, input) => stepSession(before, input(before), late).state, INITIAL_SESSION);
    expect(Math.abs(state.clockOffsetMs)).toBe(86_400_000);
  });

  test("a pong measures the clock again: what a slow network could explain changes nothing, a clock that was set does", () => {
    const pong = (serverTimeMs: number): ServerFrame => ({
      type: "response",
      message: create(ResponseSchema, { id: 0xffff_ffff, result: { case: "ping", value: { serverTimeMs: BigInt(serverTimeMs) } } }),
    });
    const online = run(ONLINE).state;
    const late = run([timer("ping"), frame(pong(context.nowMs - 9_000))], online);
    expect([late.state.clockOffsetMs, late.state.clockMeasurements]).toEqual([online.clockOffsetMs, online.clockMeasurements + 1]);
    const set = run([timer("ping"), frame(pong(context.nowMs + 3_600_000))], online);
    expect(set.status).toMatchObject({ kind: "online", clockOffsetMs: 3_600_000 });
  });

  test.each([
    ["connect", [start], "connect-deadline"],
    ["hello", [start, opened], "hello-deadline"],
    ["sign", [start, opened, frame(hello())], "sign-deadline"],
    ["welcome", [start, opened, frame(hello()), signed], "welcome-deadline"],
  ] as const)("the %s deadline closes and pauses", (_name, inputs, cause) => {
    const { status, effects } = run([...inputs, timer("deadline")]);
    expect(status).toMatchObject({ kind: "offline", cause, attempt: 1 });
    expect(effects.some(({ type }) => type === "close-transport")).toBe(true);
  });

  test("another origin gets no signature", () => {
    const { status, effects } = run([start, opened, frame(hello("https://evil.example"))]);
    expect(status).toMatchObject({ kind: "offline", cause: "origin-mismatch" });
    expect(effects.some(({ type }) => type === "sign-challenge")).toBe(false);
  });

  test.each([
    ["CLIENT_TOO_OLD", hello(ORIGIN, 2, 3)],
    ["SERVER_TOO_OLD", hello(ORIGIN, 0, 0)],
    ["CLIENT_TOO_OLD", goodbye("CLIENT_TOO_OLD")],
  ] as const)("%s waits an hour, then asks again", (error, said) => {
    const first = run([start, opened, frame(said)]);
    expect(first.status).toEqual({ kind: "update-needed", error });
    expect(run([timer("retry")], first.state).state.kind).toBe("opening");
  });

  test("pauses double from 0.5 s to 60 s; 30 s of good connection forget them", () => {
    let state = run([start]).state;
    const pauses: number[] = [];
    for (let i = 0; i < 9; i++) {
      const step = stepSession(state, timer("deadline")(), context);
      for (const effect of step.effects) if (effect.type === "set-timer" && effect.timer === "retry") pauses.push(effect.afterMs);
      state = stepSession(step.state, timer("retry")(), context).state;
    }
    expect(pauses).toEqual([375, 750, 1500, 3000, 6000, 12000, 24000, 45000, 45000]);
    expect(run([opened, frame(hello()), signed, frame(welcome), timer("good")], state).state.failures).toBe(0);
  });

  test("Retry-After is a floor that a changed network does not shorten, but 60 minutes is all it can ask for", () => {
    const { state, effects } = run([...ONLINE, frame(goodbye("RATE_LIMITED", 90_000)), () => ({ type: "network-changed" })]);
    expect(state.kind).toBe("waiting");
    expect(effects.findLast((effect) => effect.type === "set-timer")).toMatchObject({ timer: "retry", afterMs: 94_500 });
    const long = run([...ONLINE, frame(goodbye("RATE_LIMITED", 0xffff_ffff))]).effects.findLast((effect) => effect.type === "set-timer");
    expect(long).toMatchObject({ afterMs: 3_780_000 });
  });

  test("a changed network ends an ordinary pause at once, and probes a live connection once", () => {
    expect(run([start, timer("deadline"), () => ({ type: "network-changed" })]).state.kind).toBe("opening");
    const { effects } = run([...ONLINE, () => ({ type: "network-changed" }), () => ({ type: "online" })]);
    expect(effects.filter((effect) => effect.type === "send-frame" && effect.frame.type === "request")).toHaveLength(1);
  });

  test("failures on one network do not lengthen the pause on the next", () => {
    const moved = () => ({ type: "network-changed" }) as const;
    let { state } = run([start]);
    for (let n = 0; n < 4; n++) state = run([timer("deadline"), timer("retry")], state).state;
    const pause = ({ effects }: { effects: readonly SessionEffect[] }) =>
      effects.findLast((effect) => effect.type === "set-timer" && effect.timer === "retry");
    expect(pause(run([timer("deadline")], state))).toMatchObject({ afterMs: 6_000 });
    expect(pause(run([timer("deadline"), moved, timer("deadline")], state))).toMatchObject({ afterMs: 375 });
    // Where the hint comes before the end of what was open.
    expect(pause(run([opened, frame(hello()), signed, frame(welcome), moved, timer("watchdog")], state))).toMatchObject({ afterMs: 375 });
  });

  test("a ping without an answer ends the connection; any frame is an answer", () => {
    expect(run([...ONLINE, timer("ping"), timer("watchdog")]).status).toMatchObject({ kind: "offline", cause: "watchdog" });
    const push: ServerFrame = { type: "push", message: create(PushSchema, {}) };
    expect(run([...ONLINE, timer("ping"), frame(push)]).state.pinging).toBe(false);
    const pong: ServerFrame = { type: "response", message: create(ResponseSchema, { id: 0xffff_ffff }) };
    expect(run([timer("ping"), frame(pong)], run(ONLINE).state).effects.some(({ type }) => type === "deliver")).toBe(false);
  });

  test("what is sent without a welcome comes back", () => {
    const request = { type: "request", message: create(RequestSchema, { id: 1 }) } as const;
    const send = (): SessionInput => ({ type: "send", frame: request });
    expect(run([start, send]).effects.at(-1)).toEqual({ type: "not-sent", frame: request });
    expect(run([...ONLINE, send]).effects.at(-1)).toMatchObject({ type: "send-frame", frame: request });
  });

  test("another mode reconnects; the old transport is closed and no longer heard", () => {
    const { state, effects } = run([...ONLINE, () => ({ type: "start", mode: "anonymous", origin: ORIGIN })]);
    expect(state).toMatchObject({ kind: "opening", mode: "anonymous", connection: 2 });
    expect(effects.filter(({ type }) => type === "lost" || type === "close-transport")).toHaveLength(2);
    expect(stepSession(state, { type: "closed", connection: 1, code: 1006 }, context)).toEqual({ state, effects: [] });
  });
});

describe("signing out", () => {
  const refusals = (Object.keys(ERROR_CODES) as ErrorName[]).filter((name) => name !== "DEVICE_REVOKED");
  test.each(refusals)("%s keeps everything", (name) => {
    for (const list of [false, true]) {
      const { effects } = run([...ONLINE, frame(goodbye(name, 0, list))]);
      expect(effects.some(({ type }) => type === "revoked" || type === "verify-revocation")).toBe(false);
    }
  });

  test.each([1006, 4000, 4300, 4399, 4401, 403])("close code %i keeps everything", (code) => {
    const { state } = run([...ONLINE, (now) => ({ type: "closed", connection: now.connection, code })]);
    expect(state.kind).toBe("waiting");
  });

  test("DEVICE_REVOKED without a list, with one that does not verify, or that nobody verifies in time, is a pause", () => {
    expect(run([...ONLINE, frame(goodbye("DEVICE_REVOKED"))]).state.kind).toBe("waiting");
    expect(run([...ONLINE, frame(goodbye("DEVICE_REVOKED", 0, true)), checked(false)]).state.kind).toBe("waiting");
    expect(run([...ONLINE, frame(goodbye("DEVICE_REVOKED", 0, true)), timer("deadline"), checked(true)]).state.kind).toBe("waiting");
  });

  test("a verified list ends it for good, also across a restart", () => {
    const { state } = run([...ONLINE, frame(goodbye("DEVICE_REVOKED", 0, true)), checked(true)]);
    expect(state.kind).toBe("revoked");
    expect(run([start, timer("retry")], restoreSession(JSON.parse(JSON.stringify(state)))).effects).toEqual([]);
  });
});

describe("random runs", () => {
  const frames = [
    hello(),
    hello("https://evil.example"),
    welcome,
    goodbye("OVERLOADED", 5_000),
    goodbye("DEVICE_REVOKED", 0, true),
    goodbye("CLIENT_TOO_OLD"),
    { type: "batch", acks: [], deliveries: [] } as const,
    { type: "push", message: create(PushSchema, { event: { case: "slowDown", value: { percent: 999_999 } } }) } as const,
  ];
  const builders: ((state: SessionState, n: number) => SessionInput)[] = [
    start,
    () => ({ type: "start", mode: "anonymous", origin: ORIGIN }),
    () => ({ type: "stop" }),
    (state, n) => ({ type: "opened", connection: state.connection - (n % 2) }),
    ...[0, 1, 2, 3].map(() => (state: SessionState, n: number): SessionInput => ({
      type: "frame",
      connection: state.connection - (n % 5 === 0 ? 1 : 0),
      frame: frames[n % frames.length]!,
    })),
    (state) => ({ type: "malformed", connection: state.connection }),
    (state, n) => ({ type: "closed", connection: state.connection, code: 1000 + n }),
    ...(["deadline", "retry", "ping", "watchdog", "good"] as const).map((name) => timer(name)),
    () => ({ type: "network-changed" }),
    () => ({ type: "offline" }),
    signed,
    signed,
    (state, n) => ({ type: "signed", effectId: state.asked - (n % 2), hello: undefined }),
    (state, n) => ({ type: "revocation-checked", effectId: state.asked - (n % 2), valid: n % 3 === 0 }),
    () => ({ type: "send", frame: { type: "cursor", sequence: 1 } }),
  ];

  test("keep the invariants", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff), { maxLength: 40 }), (numbers) => {
        let state = INITIAL_SESSION;
        const open = new Set<number>();
        const timers = new Set<string>();
        let welcomedConnection = 0;
        let hellos = 0;
        for (const n of numbers) {
          const input = builders[n % builders.length]!(state, Math.floor(n / builders.length));
          const before = state;
          // A driver reports a closed transport once, and fires only timers that are set.
          if (input.type === "timer" && !timers.delete(input.timer)) continue;
          if ("connection" in input && !open.has(input.connection)) continue;
          if (input.type === "closed") open.delete(input.connection);
          const step = stepSession(state, input, context);
          state = step.state;
          for (const effect of step.effects) {
            if (effect.type === "open-transport") {
              expect(open.size).toBe(0);
              open.add(effect.connection);
              hellos = 0;
            } else if (effect.type === "close-transport") expect(open.delete(effect.connection)).toBe(true);
            else if (effect.type === "set-timer") timers.add(effect.timer);
            else if (effect.type === "clear-timer") timers.delete(effect.timer);
            else if (effect.type === "deliver" && effect.frame.type === "welcome") welcomedConnection = effect.connection;
            else if (effect.type === "send-frame") {
              expect(open.has(effect.connection)).toBe(true);
              if (effect.frame.type === "client-hello") expect(++hellos).toBe(1);
              else expect(welcomedConnection).toBe(effect.connection);
            } else if (effect.type === "revoked")
              expect(before.kind === "verifying-revocation" && input.type === "revocation-checked" && input.valid).toBe(true);
          }
          expect(open.size).toBe(SESSION_STATES[state.kind].transport ? 1 : 0);
          const rule = SESSION_STATES[state.kind];
          if (rule.resting === undefined)
            expect(timers.has(rule.deadline!.timer) || (state.kind === "online" && timers.has("ping"))).toBe(true);
          else expect(timers.size).toBe(0);
          expect(state.slowDownPercent).toBeLessThanOrEqual(1_000);
          expect(JSON.parse(JSON.stringify(state))).toEqual(state);
        }
      }),
      { numRuns: 10_000, seed: 20_261 },
    );
  });
});
