/** Attempts of the real machines end in exactly one outcome each, every one of them in the catalogue, and none says who or what. */
import { INITIAL_SESSION, SESSION_STATES, type SessionInput, type SessionState, stepSession } from "@hawser/session";
import { COMPANION_STATES, GIVER_STATES, PHONE_STATES, TAKER_STATES } from "@hawser/linking";
import { ARCHIVE_OFF, ARCHIVE_WRITER_STATES, type ArchiveWriterInput, SINK_STAGES, SOURCE_STAGES, stepArchiveWriter } from "@hawser/sync";
import { durationBucket, isOutcome, MAX_OUTCOME_COUNT, OUTCOME_DURATION_BUCKETS_MS } from "@hawser/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_KEPT_OUTCOMES } from "../bounds.ts";
import {
  ARCHIVE_WRITER_ATTEMPTS,
  COMPANION_ATTEMPTS,
  GIVER_ATTEMPTS,
  PHONE_ATTEMPTS,
  SESSION_ATTEMPTS,
  sessionCode,
  SINK_ATTEMPTS,
  SOURCE_ATTEMPTS,
  TAKER_ATTEMPTS,
} from "./attempts.ts";
import { catalogue } from "./catalogue.ts";
import { createOutcomeObserver } from "./observer.ts";
import { ageQuarters, type CountedOutcome, countOutcome, type Outcome, withoutOld, withoutReported } from "./tally.ts";

const random = { bytes: (sizeBytes: number) => new Uint8Array(sizeBytes) };
const SEGMENT = {
  platform: "sdk",
  engine: "node",
  version: "0.1.0",
  region: "europe",
  transport: "websocket",
  flags: [],
  system: "linux",
  route: "none",
};

test("every state of every machine belongs to an attempt or rests", () => {
  const pairs = [
    [SESSION_STATES, SESSION_ATTEMPTS],
    [COMPANION_STATES, COMPANION_ATTEMPTS],
    [PHONE_STATES, PHONE_ATTEMPTS],
    [SINK_STAGES, SINK_ATTEMPTS],
    [SOURCE_STAGES, SOURCE_ATTEMPTS],
    [GIVER_STATES, GIVER_ATTEMPTS],
    [TAKER_STATES, TAKER_ATTEMPTS],
    [ARCHIVE_WRITER_STATES, ARCHIVE_WRITER_ATTEMPTS],
  ] as const;
  for (const [states, attempts] of pairs) expect(Object.keys(attempts.of).sort()).toEqual(Object.keys(states).sort());
  for (const entry of Object.values(catalogue.attempts)) {
    expect(entry.succeeds.length).toBeGreaterThan(0);
    expect(entry.fails.length).toBeGreaterThan(0);
  }
});

test("sessions: as many outcomes as attempts that began and are over, all in the catalogue", () => {
  const inputs: fc.Arbitrary<(state: SessionState) => SessionInput> = fc.constantFrom(
    () => ({ type: "start", mode: "device", origin: "https://a.example" }) as const,
    () => ({ type: "start", mode: "anonymous", origin: "https://a.example" }) as const,
    () => ({ type: "stop" }) as const,
    ({ connection }: SessionState) => ({ type: "opened", connection }) as const,
    ({ connection }: SessionState) =>
      ({ type: "frame", connection, frame: { type: "server-hello", message: HELLO } }) as unknown as SessionInput,
    ({ connection }: SessionState) => ({ type: "frame", connection, frame: { type: "welcome", message: {} } }) as unknown as SessionInput,
    ({ connection }: SessionState) =>
      ({ type: "frame", connection, frame: { type: "goodbye", message: { error: 3, retryAfterMs: 5 } } }) as unknown as SessionInput,
    ({ connection }: SessionState) =>
      ({
        type: "frame",
        connection,
        frame: { type: "goodbye", message: { error: 63, retryAfterMs: 0, revokingList: {} } },
      }) as unknown as SessionInput,
    ({ asked }: SessionState) => ({ type: "revocation-checked", effectId: asked, valid: true }) as const,
    ({ asked }: SessionState) => ({ type: "revocation-checked", effectId: asked, valid: false }) as const,
    ({ connection }: SessionState) => ({ type: "closed", connection, code: 1006 }) as const,
    ({ connection }: SessionState) => ({ type: "malformed", connection }) as const,
    ({ asked }: SessionState) => ({ type: "signed", effectId: asked, hello: {} }) as unknown as SessionInput,
    ({ asked }: SessionState) => ({ type: "signed", effectId: asked, hello: undefined }) as const,
    () => ({ type: "timer", timer: "deadline" }) as const,
    () => ({ type: "timer", timer: "retry" }) as const,
  );
  const HELLO = { origin: "https://a.example", protocolMin: 1, protocolMax: 1, serverTimeMs: 1n };
  fc.assert(
    fc.property(fc.array(inputs, { maxLength: 80 }), (made) => {
      let nowMs = 0;
      const ended: Outcome[] = [];
      const observer = createOutcomeObserver({ nowMs: () => nowMs, monotonicMs: () => nowMs }, (outcome) => ended.push(outcome));
      let state = INITIAL_SESSION;
      let begun = 0;
      for (const make of made) {
        nowMs += 50;
        const before = state;
        state = stepSession(state, make(state), { nowMs, random }).state;
        observer.session(before, state);
        const is = SESSION_ATTEMPTS.of[state.kind];
        const reopened = state.kind === "opening" && state.connection !== before.connection;
        if (is !== undefined && (is !== SESSION_ATTEMPTS.of[before.kind] || reopened)) begun++;
      }
      const open = SESSION_ATTEMPTS.of[state.kind] === undefined ? 0 : 1;
      expect(ended.length).toBe(begun - open);
      for (const { attempt, stage, code } of ended)
        expect(isOutcome("device", attempt, stage, code), `${attempt} ${stage} ${code}`).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("the archive's writer: as many outcomes as attempts that are over, and a head that is refused is no success", () => {
  const waiting = { messages: 600, sinceMs: 0 };
  const inputs = fc.constantFrom<ArchiveWriterInput>(
    { type: "on", phone: true },
    { type: "off" },
    { type: "look", waiting, why: "connected" },
    { type: "read", waiting, stale: false },
    { type: "read", waiting: { messages: 0, sinceMs: undefined }, stale: false },
    { type: "refused", fault: "rolled-back", mayBegin: true },
    { type: "refused", fault: "rolled-back", mayBegin: false },
    { type: "stored" },
    { type: "put", waiting: { messages: 0, sinceMs: undefined } },
    { type: "conflict" },
    { type: "full" },
    { type: "failed" },
  );
  fc.assert(
    fc.property(fc.array(inputs, { maxLength: 80 }), (given) => {
      let nowMs = 0;
      const ended: Outcome[] = [];
      const observer = createOutcomeObserver({ nowMs: () => nowMs, monotonicMs: () => nowMs }, (outcome) => ended.push(outcome));
      let state = ARCHIVE_OFF;
      let begun = 0;
      for (const input of given) {
        nowMs += 50;
        const before = state;
        state = stepArchiveWriter(state, input, { nowMs, random }).state;
        observer.archiveWriter(before, state);
        const [was, is] = [ARCHIVE_WRITER_ATTEMPTS.of[before.kind], ARCHIVE_WRITER_ATTEMPTS.of[state.kind]];
        if (is !== undefined && was === undefined) begun++;
        if (was !== undefined && is === undefined && input.type !== "on") {
          const codes = { refused: "rolled-back", full: "full", failed: "failed", off: "CANCELLED" };
          expect(ended.at(-1)?.code).toBe(codes[input.type as keyof typeof codes] ?? "OK");
        }
      }
      expect(ended.length).toBe(begun - (ARCHIVE_WRITER_ATTEMPTS.of[state.kind] === undefined ? 0 : 1));
      for (const { attempt, stage, code } of ended)
        expect(isOutcome("device", attempt, stage, code), `${attempt} ${stage} ${code}`).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("a refused device says the server's word, a silent server what was seen", () => {
  const waiting = { ...INITIAL_SESSION, kind: "waiting" } as const;
  expect(sessionCode({ ...waiting, cause: "goodbye", error: "RATE_LIMITED" })).toBe("RATE_LIMITED");
  expect(sessionCode({ ...waiting, cause: "connect-deadline", error: "UNREACHABLE" })).toBe("connect-deadline");
  expect(sessionCode({ ...waiting, cause: "revocation-unverified", error: "DEVICE_REVOKED" })).toBe("revocation-unverified");
  expect(sessionCode({ ...waiting, kind: "revoked", cause: "goodbye", error: "DEVICE_REVOKED" })).toBe("DEVICE_REVOKED");
});

test("the tally counts equals together, drops the oldest, and gives back what was counted on meanwhile", () => {
  let kept: CountedOutcome[] = [];
  const note = (stage: string, nowMs: number): void => {
    kept = countOutcome(kept, { attempt: "connect", stage, code: "OK", durationMs: 40 }, SEGMENT, nowMs);
  };
  note("opening", 0);
  note("opening", 5);
  expect(kept).toMatchObject([{ stage: "opening", count: 2, bucket: 0, lastMs: 5 }]);
  const reported = kept;
  note("opening", 9);
  expect(withoutReported(kept, reported)).toMatchObject([{ count: 1 }]);
  expect(withoutReported(reported, reported)).toEqual([]);
  for (let i = 0; i < MAX_KEPT_OUTCOMES + 10; i++) note(`stage ${i}`, 10 + i);
  expect(kept.length).toBe(MAX_KEPT_OUTCOMES);
  expect(kept[0]!.stage).toBe("stage 10");
  expect(countOutcome([{ ...kept[0]!, count: MAX_OUTCOME_COUNT }], { attempt: "connect", stage: "stage 10", code: "OK", durationMs: 1 }, SEGMENT, 0)[0]!.count).toBe(MAX_OUTCOME_COUNT); // prettier-ignore
  expect(ageQuarters(kept[0]!, -1)).toBe(0);
  expect(withoutOld(kept, 8 * 24 * 3_600_000)).toEqual([]);
});

test("durations fall into their buckets", () => {
  expect([0, 100, 101, 600_000, 600_001].map(durationBucket)).toEqual([0, 0, 1, 8, OUTCOME_DURATION_BUCKETS_MS.length]);
});
