/** The tables of stages are true of the machines: every change that happens stands in them, and every change in them happens. */
import type { Transition } from "@hawser/base";
import { expect, test } from "vitest";

import { type ChunkFailure, newSink, type SinkInput, stepSink } from "./history-sink.ts";
import { newSource, restoreSource, type SourceInput, stepSource } from "./history-source.ts";
import { describeSink, describeSource, describeWish, sinkStage, sourceStage, wishStage } from "./history-stages.ts";
import { restoreWish, stepWish, withJob, type WishInput } from "./history-wish.ts";

/** mulberry32: the same seed, the same run. */
function generator(seed: number): (below: number) => number {
  let a = seed >>> 0;
  return (below) => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

const random = { bytes: (sizeBytes: number) => new Uint8Array(sizeBytes) };
const line = ({ state, input, next }: Transition): string => `${state} -- ${input} --> ${next}`;
const linesOf = (table: readonly Transition[]): string[] => [...new Set(table.map(line))].sort();

test("source", () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 400; seed++) {
    const pick = generator(seed);
    let state = newSource("00", 2, { kind: "all" }, pick(4) === 0 ? 0 : 30);
    for (let step = 0; step < 60; step++) {
      const index = pick(4);
      const inputs: SourceInput[] = [
        { type: "resume" },
        {
          type: "built",
          index: state.chunks.length,
          messageCount: pick(3) * 5,
          next: pick(2) === 0 ? undefined : ({ orderKey: 1 } as never),
        },
        { type: "uploaded", index },
        { type: "uploaded", index },
        { type: "upload-failed", index },
        { type: "retry-due" },
        { type: "progress", nextIndex: pick(3), missing: pick(3) === 0 ? [index] : [], finished: pick(3) === 0 },
        { type: "cancel" },
      ];
      const input = inputs[pick(60) === 0 ? 7 : pick(7)]!;
      const before = sourceStage(state);
      state = stepSource(state, input, { nowMs: 0, random }).state;
      const after = sourceStage(state);
      if (before !== after) seen.add(line({ state: before, input: input.type, next: after }));
      if (pick(20) === 0 && sourceStage(restoreSource(state)) === after) state = restoreSource(state);
    }
  }
  expect([...seen].sort()).toEqual(linesOf(describeSource()));
});

test("sink", () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 1_500; seed++) {
    const pick = generator(seed);
    let nowMs = 0;
    let state = newSink({ jobId: "00", source: 1, messageCount: 0, chunkCount: undefined, messagesDone: 0 }, nowMs);
    for (let step = 0; step < 40; step++) {
      const standing = sinkStage(state, nowMs);
      nowMs += pick(3) === 0 ? pick(40_000) : pick(200);
      // Time alone leads to a stall, and nowhere else.
      const before = sinkStage(state, nowMs);
      if (before !== standing) seen.add(line({ state: standing, input: "timer", next: before }));
      const index = pick(3);
      const failures: ChunkFailure[] = [{ kind: "unreachable" }, { kind: "missing" }, { kind: "storage-full" }];
      const inputs: SinkInput[] = [
        { type: "resume" },
        { type: "reference", reference: { index, blob: "00", key: new Uint8Array(0), messageCount: 1, sizeBytes: 1 } },
        { type: "end", chunkCount: 1 + pick(3), messageCount: 3 },
        { type: "committed", index, messageCount: 1 },
        { type: "failed", index, failure: failures[pick(3)]! },
        { type: "timer" },
        { type: "ask-now" },
        { type: "superseded" },
      ];
      const input = inputs[pick(40) === 0 ? 7 : pick(7)]!;
      const made = stepSink(state, input, { nowMs, random });
      state = made.state;
      const after = sinkStage(state, nowMs);
      // A timer that is answered without leaving the stage: something is done, and there is another one.
      const answered = input.type === "timer" && made.effects.some(({ type }) => type !== "set-timer" && type !== "persist-job");
      if (answered && before === after && (after === "stalled" || after === "storage-full")) {
        expect(made.effects.some(({ type }) => type === "set-timer")).toBe(true);
        seen.add(line({ state: before, input: "timer", next: after }));
      }
      if (before !== after) seen.add(line({ state: before, input: input.type, next: after }));
    }
  }
  expect([...seen].sort()).toEqual(linesOf(describeSink()));
});

test("wish", () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 1_000; seed++) {
    const pick = generator(seed);
    let nowMs = 0;
    let state = restoreWish([], nowMs);
    for (let step = 0; step < 30; step++) {
      nowMs += pick(40_000);
      const before = wishStage(state);
      const jobId = String(pick(3));
      const inputs: WishInput[] = [
        { type: "looked" },
        { type: "looked" },
        { type: "moved", jobId },
        { type: "declined", jobId },
        { type: "declined", jobId },
        { type: "complete", jobId },
      ];
      if (pick(5) === 0) {
        state = withJob(state, jobId, Number(jobId), nowMs);
        const after = wishStage(state);
        if (before !== after) seen.add(line({ state: before, input: "job-begun", next: after }));
        continue;
      }
      const input = inputs[pick(30) === 0 ? 5 : pick(5)]!;
      const made = stepWish(state, input, {
        nowMs,
        online: pick(5) > 0,
        needsSource: pick(5) > 0,
        patient: pick(2) > 0,
        candidates: [0, 1, 2].slice(0, pick(4)),
      });
      state = made.state;
      const after = wishStage(state);
      // Whatever it is told, it looks again: nothing else ends a wait here.
      if (after !== "over") expect(made.effects.at(-1)?.type).toBe("look-again");
      if (before !== after || (input.type === "looked" && after !== "over"))
        seen.add(line({ state: before, input: input.type, next: after }));
    }
  }
  expect([...seen].sort()).toEqual(linesOf(describeWish()));
});
