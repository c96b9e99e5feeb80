/**
 * Whom a device asks for history, in virtual time. Safety: nobody is asked twice for one wish, no wish outlives its answer. Liveness: as long as
 * one source answers, the wish is served within a bound.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { CHANGE_SOURCE_AFTER_MS } from "./bounds.ts";
import { newSink, needsSource, stepSink } from "./history-sink.ts";
import {
  orderSources,
  restoreWish,
  stepWish,
  type WishEffect,
  type WishInput,
  type WishState,
  type WishView,
  withJob,
} from "./history-wish.ts";

const PHONE = 1;
const view = (nowMs: number, change: Partial<WishView> = {}): WishView => ({
  nowMs,
  online: true,
  needsSource: true,
  patient: false,
  candidates: [PHONE, 2, 3],
  ...change,
});
const fresh = (): WishState => withJob(restoreWish([], 0), "a", PHONE, 0);
const begun = (effects: readonly WishEffect[]): number[] =>
  effects.flatMap((effect) => (effect.type === "begin-job" ? [effect.source] : []));

test("a source that is silent is waited for, and no longer than its bound", () => {
  const early = stepWish(fresh(), { type: "looked" }, view(CHANGE_SOURCE_AFTER_MS - 1));
  expect(early.effects).toEqual([{ type: "look-again", afterMs: 1 }]);
  const due = stepWish(early.state, { type: "looked" }, view(CHANGE_SOURCE_AFTER_MS));
  expect(begun(due.effects)).toEqual([2]);
});

test("a source that moves is not replaced, whichever of the jobs it is", () => {
  let state = stepWish(fresh(), { type: "looked" }, view(CHANGE_SOURCE_AFTER_MS)).state;
  state = withJob(state, "b", 2, CHANGE_SOURCE_AFTER_MS);
  for (let nowMs = CHANGE_SOURCE_AFTER_MS; nowMs < 600_000; nowMs += 20_000) {
    const step = stepWish(state, { type: "moved", jobId: "a" }, view(nowMs));
    expect(begun(step.effects)).toEqual([]);
    ({ state } = step);
  }
});

test("without a connection, and while what was announced is still on its way, nobody else is asked", () => {
  for (const change of [{ online: false }, { needsSource: false }]) {
    let state = fresh();
    for (let nowMs = 0; nowMs < 600_000; nowMs += 10_000) {
      const step = stepWish(state, { type: "looked" }, view(nowMs, change));
      expect(begun(step.effects)).toEqual([]);
      ({ state } = step);
    }
    expect(begun(stepWish(state, { type: "looked" }, view(600_000)).effects)).toEqual([]);
  }
});

test("who declines is passed over at once; when all have, the first is asked for what it has, once", () => {
  let { state, effects } = stepWish(fresh(), { type: "declined", jobId: "a" }, view(5));
  expect(begun(effects)).toEqual([2]);
  ({ state, effects } = stepWish(withJob(state, "b", 2, 5), { type: "declined", jobId: "b" }, view(6)));
  expect(begun(effects)).toEqual([3]);
  ({ state, effects } = stepWish(withJob(state, "c", 3, 6), { type: "declined", jobId: "c" }, view(7)));
  expect(effects[0]).toEqual({ type: "insist", jobId: "a" });
  ({ state, effects } = stepWish(state, { type: "looked" }, view(10 * CHANGE_SOURCE_AFTER_MS)));
  expect(effects.map(({ type }) => type)).toEqual(["look-again"]);
});

test("when the one that was asked for what it has leaves the account before it answers, another is asked", () => {
  let state = withJob(fresh(), "b", 2, 0);
  ({ state } = stepWish(state, { type: "declined", jobId: "a" }, view(1, { candidates: [PHONE, 2] })));
  const asked = stepWish(state, { type: "declined", jobId: "b" }, view(2, { candidates: [PHONE, 2] }));
  expect(asked.effects[0]).toEqual({ type: "insist", jobId: "a" });
  const left = stepWish(asked.state, { type: "looked" }, view(2 * CHANGE_SOURCE_AFTER_MS, { candidates: [2] }));
  expect(left.effects[0]).toEqual({ type: "insist", jobId: "b" });
});

test("one that left is not waited for by who asked for one chat", () => {
  const patient = { patient: true, candidates: [2] };
  const { effects } = stepWish(withJob(fresh(), "b", 2, 0), { type: "declined", jobId: "b" }, view(1, patient));
  expect(effects).toContainEqual({ type: "insist", jobId: "b" });
});

test("who asked for one chat is not put off with a part of it while somebody who may have it all is silent", () => {
  const patient = { patient: true, candidates: [PHONE, 2] };
  let state = stepWish(fresh(), { type: "looked" }, view(CHANGE_SOURCE_AFTER_MS, patient)).state;
  state = withJob(state, "b", 2, CHANGE_SOURCE_AFTER_MS);
  for (let nowMs = CHANGE_SOURCE_AFTER_MS; nowMs < 600_000; nowMs += 20_000) {
    const step = stepWish(state, { type: "declined", jobId: "b" }, view(nowMs, patient));
    expect(step.effects.filter(({ type }) => type === "insist")).toEqual([]);
    ({ state } = step);
  }
  const all = stepWish(state, { type: "declined", jobId: "a" }, view(600_000, patient));
  expect(all.effects).toContainEqual({ type: "insist", jobId: "a" });
});

test("the first complete job ends the others; nothing follows", () => {
  const two = withJob(fresh(), "b", 2, 0);
  const { state, effects } = stepWish(two, { type: "complete", jobId: "b" }, view(1));
  expect(effects).toEqual([{ type: "supersede", jobId: "a" }]);
  expect(stepWish(state, { type: "looked" }, view(1e9)).effects).toEqual([]);
});

test("a device that was removed is not asked, and a clock set back delays nothing for long", () => {
  const due = stepWish(fresh(), { type: "looked" }, view(CHANGE_SOURCE_AFTER_MS, { candidates: [3] }));
  expect(begun(due.effects)).toEqual([3]);
  const back = stepWish({ ...fresh(), quietSinceMs: 1e12 }, { type: "looked" }, view(1_000));
  expect(back.effects).toEqual([{ type: "look-again", afterMs: CHANGE_SOURCE_AFTER_MS }]);
});

test("phones first, then whoever was seen last, then whoever is there longest", () => {
  const hour = 3_600_000;
  const companion = (device: number, activeAtMs?: number) => ({ device, phone: false, activeAtMs });
  const phone = { device: 9, phone: true, activeAtMs: undefined };
  expect(orderSources([companion(4, hour), companion(2, hour), companion(3, 2 * hour), companion(1), phone])).toEqual([9, 3, 2, 4, 1]);
});

test("only a source can help: until the end is known, for what was never announced, for blobs that are gone", () => {
  const context = { nowMs: 0, random: { bytes: (size: number) => new Uint8Array(size) } };
  const reference = { index: 0, blob: "b", key: new Uint8Array(32), messageCount: 1, sizeBytes: 1 };
  let state = newSink({ jobId: "a", source: 1, messageCount: 2, chunkCount: undefined, messagesDone: 0 }, 0);
  expect(needsSource(state)).toBe(true);
  ({ state } = stepSink(state, { type: "end", chunkCount: 2, messageCount: 2 }, context));
  ({ state } = stepSink(state, { type: "reference", reference }, context));
  expect(needsSource(state)).toBe(true);
  ({ state } = stepSink(state, { type: "reference", reference: { ...reference, index: 1 } }, context));
  expect(needsSource(state)).toBe(false);
  for (let tries = 0; tries < 3; tries++)
    ({ state } = stepSink(state, { type: "failed", index: 0, failure: { kind: "missing" } }, context));
  expect(needsSource(state)).toBe(true);
  ({ state } = stepSink(state, { type: "failed", index: 1, failure: { kind: "storage-full" } }, context));
  expect(needsSource(state)).toBe(false);
  ({ state } = stepSink(state, { type: "superseded" }, context));
  expect(needsSource(state)).toBe(false);
});

type Manner = "silent" | "declines" | "dies" | "serves";

/** Sources of every manner, with at least one that serves or (all declining) gives what it has. */
test("whatever the sources do, one that serves is found in time, and nobody is asked twice", () => {
  const manners = fc.array(fc.constantFrom<Manner>("silent", "declines", "dies", "serves"), { minLength: 1, maxLength: 11 });
  fc.assert(
    fc.property(manners, fc.integer({ min: 0, max: 5_000 }), (kinds, answerMs) => {
      const candidates = kinds.map((_, index) => index + 1);
      const asked: number[] = [];
      const queue: { atMs: number; input: WishInput }[] = [];
      let nowMs = 0;
      let served: number | undefined;
      let state = restoreWish([], 0);
      let lookAtMs = Number.POSITIVE_INFINITY;
      const ask = (source: number, anyway = false): void => {
        if (!anyway) {
          asked.push(source);
          state = withJob(state, `job ${source}`, source, nowMs);
        }
        const [jobId, manner] = [`job ${source}`, kinds[source - 1]!];
        if (manner === "serves" || anyway) queue.push({ atMs: nowMs + answerMs, input: { type: "complete", jobId } });
        if (manner === "declines" && !anyway) queue.push({ atMs: nowMs + answerMs, input: { type: "declined", jobId } });
        if (manner === "dies") queue.push({ atMs: nowMs + answerMs, input: { type: "moved", jobId } });
      };
      const input = (given: WishInput): void => {
        const step = stepWish(state, given, view(nowMs, { candidates }));
        state = step.state;
        if (given.type === "complete") served ??= nowMs;
        for (const effect of step.effects) {
          if (effect.type === "begin-job") ask(effect.source);
          if (effect.type === "insist") ask(Number(effect.jobId.slice(4)), true);
          if (effect.type === "look-again") lookAtMs = nowMs + effect.afterMs;
        }
      };
      ask(1);
      input({ type: "looked" });
      const boundMs = (kinds.length + 2) * (CHANGE_SOURCE_AFTER_MS + 5_000);
      while (served === undefined && nowMs <= boundMs) {
        queue.sort((a, b) => a.atMs - b.atMs);
        const next = queue[0];
        if (next !== undefined && next.atMs <= lookAtMs) {
          nowMs = next.atMs;
          queue.shift();
          input(next.input);
        } else {
          nowMs = lookAtMs;
          input({ type: "looked" });
        }
      }
      expect(new Set(asked).size).toBe(asked.length);
      if (kinds.some((kind) => kind === "serves" || kind === "declines")) expect(served).toBeLessThanOrEqual(boundMs);
      if (served !== undefined) expect(state.over).toBe(true);
    }),
    { numRuns: 300 },
  );
});
