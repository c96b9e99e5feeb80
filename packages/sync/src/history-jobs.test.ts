/**
 * Source and sink against each other over a network that loses, repeats and delays, with crashes on both sides and blobs
 * that vanish. Safety: nothing is committed twice, nothing is announced before it is stored. Liveness: once faults stop,
 * everything arrives within a bound of virtual time.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChunkReference, HistoryPosition } from "./history-rows.ts";
import {
  newSink,
  nextIndex,
  restoreSink,
  type SinkEffect,
  type SinkInput,
  type SinkState,
  stalledSinceMs,
  stepSink,
} from "./history-sink.ts";
import {
  mayRest,
  newSource,
  restoreSource,
  type SourceEffect,
  type SourceInput,
  type SourceState,
  stepSource,
  uploadedMessages,
} from "./history-source.ts";

const JOB = "00112233445566778899aabbccddeeff";
const CHUNK_MESSAGES = 10;

/** A seeded generator (mulberry32): the same seed, the same run. */
function generator(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

class World {
  nowMs = 1_000;
  faulty = true;
  readonly random: () => number;
  readonly blobs = new Map<string, { index: number; messages: number }>();
  readonly sinkRows = new Map<number, number>();
  readonly references = new Map<number, ChunkReference>();
  committedTwice = 0;
  announcedEarly = 0;
  uploads = 0;
  source: SourceState;
  durableSource: SourceState;
  sink: SinkState;
  private readonly queue: { atMs: number; run: () => void }[] = [];
  private sinkGeneration = 0;
  private sourceGeneration = 0;

  readonly total: number;

  constructor(seed: number, total: number) {
    this.total = total;
    this.random = generator(seed);
    this.source = newSource(JOB, 2, { kind: "all" }, total);
    this.durableSource = this.source;
    this.sink = newSink({ jobId: JOB, source: 1, messageCount: total, chunkCount: undefined, messagesDone: 0 }, this.nowMs);
  }

  chance(probability: number): boolean {
    return this.faulty && this.random() < probability;
  }

  after(delayMs: number, run: () => void): void {
    this.queue.push({ atMs: this.nowMs + delayMs, run });
  }

  context() {
    return {
      nowMs: this.nowMs,
      random: { bytes: (size: number) => Uint8Array.from({ length: size }, () => Math.floor(this.random() * 256)) },
    };
  }

  toSource(input: SourceInput): void {
    const step = stepSource(this.source, input, this.context());
    this.source = step.state;
    for (const effect of step.effects) this.runSource(effect);
  }

  toSink(input: SinkInput): void {
    const step = stepSink(this.sink, input, this.context());
    this.sink = step.state;
    for (const effect of step.effects) this.runSink(effect);
  }

  crashSource(): void {
    this.sourceGeneration++;
    this.source = restoreSource(this.durableSource);
    this.after(50, () => this.toSource({ type: "resume" }));
  }

  crashSink(): void {
    this.sinkGeneration++;
    this.sink = restoreSink(this.sink.job, [...this.references.values()], new Set(this.sinkRows.keys()), this.nowMs);
    this.after(50, () => this.toSink({ type: "resume" }));
  }

  private runSource(effect: SourceEffect): void {
    const generation = this.sourceGeneration;
    const later = (delayMs: number, run: () => void) => this.after(delayMs, () => generation === this.sourceGeneration && run());
    switch (effect.type) {
      case "upload-chunk": {
        const start = effect.from?.row ?? this.total;
        const messages = Math.min(CHUNK_MESSAGES, start);
        const end = start - messages;
        const next: HistoryPosition | undefined = end > 0 ? { sentAtMs: end, row: end } : undefined;
        later(1, () => {
          this.toSource({ type: "built", index: effect.index, messageCount: messages, next });
          later(20 + this.random() * 50, () => {
            if (this.chance(0.2)) return this.toSource({ type: "upload-failed", index: effect.index });
            this.uploads++;
            this.blobs.set(`blob${effect.index}`, { index: effect.index, messages });
            this.toSource({ type: "uploaded", index: effect.index });
          });
        });
        break;
      }
      case "announce-chunk": {
        const blob = this.blobs.get(`blob${effect.index}`);
        if (blob === undefined) this.announcedEarly++;
        this.durableSource = this.source;
        const reference = {
          index: effect.index,
          blob: `blob${effect.index}`,
          key: new Uint8Array(32),
          messageCount: blob?.messages ?? 0,
          sizeBytes: 1,
        };
        // The outbox repeats until it is delivered: delayed and repeated, never lost.
        for (let copies = this.chance(0.2) ? 2 : 1; copies > 0; copies--) {
          this.after(this.random() * 500, () => {
            if (!this.references.has(reference.index)) this.references.set(reference.index, reference);
            this.toSink({ type: "reference", reference });
          });
        }
        break;
      }
      case "announce-end":
        this.durableSource = this.source;
        this.after(this.random() * 500, () =>
          this.toSink({ type: "end", chunkCount: effect.chunkCount, messageCount: effect.messageCount }),
        );
        break;
      case "set-retry-timer":
        later(effect.afterMs, () => this.toSource({ type: "retry-due" }));
        break;
      case "persist":
        this.durableSource = this.source;
    }
  }

  private sinkTimer: object | undefined;
  private runSink(effect: SinkEffect): void {
    const generation = this.sinkGeneration;
    switch (effect.type) {
      case "fetch-chunk":
        this.after(10 + this.random() * 40, () => {
          if (generation !== this.sinkGeneration) return;
          const { index, blob } = effect.reference;
          if (this.chance(0.1)) this.blobs.delete(blob);
          const found = this.blobs.get(blob);
          if (this.chance(0.2)) return this.toSink({ type: "failed", index, failure: { kind: "unreachable" } });
          if (found === undefined) return this.toSink({ type: "failed", index, failure: { kind: "missing" } });
          if (this.sinkRows.has(index)) this.committedTwice++;
          this.sinkRows.set(index, found.messages);
          this.toSink({ type: "committed", index, messageCount: found.messages });
        });
        break;
      case "report":
        this.after(this.random() * 500, () =>
          this.toSource({ type: "progress", nextIndex: effect.nextIndex, missing: effect.missing, finished: effect.finished }),
        );
        break;
      case "ask-source":
        this.after(this.random() * 500, () => this.toSource({ type: "resume" }));
        break;
      case "set-timer": {
        const token = {};
        this.sinkTimer = token;
        this.after(effect.afterMs, () => generation === this.sinkGeneration && this.sinkTimer === token && this.toSink({ type: "timer" }));
        break;
      }
      case "persist-job":
        break;
    }
  }

  run(untilMs: number, stop: () => boolean): void {
    while (this.queue.length > 0 && !stop()) {
      this.queue.sort((a, b) => a.atMs - b.atMs);
      if (this.queue[0]!.atMs > untilMs) break;
      const event = this.queue.shift()!;
      this.nowMs = Math.max(this.nowMs, event.atMs);
      event.run();
      if (this.chance(0.01)) this.crashSink();
      if (this.chance(0.01)) this.crashSource();
    }
  }
}

test("history arrives whole and once through loss, repetition, vanished blobs and crashes on both sides", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 0, max: 400 }), (seed, total) => {
      const world = new World(seed, total);
      world.toSink({ type: "resume" });
      world.toSource({ type: "resume" });
      world.run(60_000, () => false);
      world.faulty = false;
      world.run(world.nowMs + 20 * 60_000, () => world.sink.complete);
      expect(world.announcedEarly).toBe(0);
      expect(world.committedTwice).toBe(0);
      expect(world.sink.complete).toBe(true);
      expect([...world.sinkRows.values()].reduce((sum, n) => sum + n, 0)).toBe(total);
      expect(nextIndex(world.sink)).toBe(Math.ceil(total / CHUNK_MESSAGES));
    }),
    { numRuns: 200 },
  );
});

test("the source may rest as soon as everything is uploaded, though nobody fetched it", () => {
  const world = new World(7, 95);
  world.faulty = false;
  world.toSource({ type: "resume" });
  world.run(10_000, () => false);
  expect(mayRest(world.source)).toBe(true);
  expect(uploadedMessages(world.source)).toBe(95);
  expect(world.uploads).toBe(10);
});

test("a sink that is stopped at 40 % goes on at 40 %", () => {
  const world = new World(3, 1_000);
  world.faulty = false;
  world.toSink({ type: "resume" });
  world.toSource({ type: "resume" });
  world.run(1e9, () => world.sinkRows.size >= 40);
  const before = world.sinkRows.size;
  world.crashSink();
  expect(world.sink.committed.size).toBe(before);
  world.run(1e9, () => world.sink.complete);
  expect(world.committedTwice).toBe(0);
  expect(world.sinkRows.size).toBe(100);
});

const DAY_MS = 86_400_000;

/** Days with a source that answers nothing: questions, and the sink as it is then. */
function silence(days: number, each: (sink: SinkState, nowMs: number) => SinkState = (sink) => sink) {
  const world = new World(5, 10);
  let asks = 0;
  let { sink } = world;
  for (let nowMs = 1_000; nowMs < days * DAY_MS; nowMs += days === 1 ? 15_000 : 300_000) {
    const step = stepSink(each(sink, nowMs), { type: "timer" }, { ...world.context(), nowMs });
    sink = step.state;
    asks += step.effects.filter((effect) => effect.type === "ask-source").length;
    expect(step.effects.some((effect) => effect.type === "set-timer")).toBe(true);
  }
  return { asks, sink };
}

test("silence is shown after its bound and the source is asked again, for ever, more and more seldom", () => {
  const { asks, sink } = silence(1);
  // Ten in the first nine hours; the next after seventeen.
  expect(asks).toBe(11);
  expect(stalledSinceMs(sink, DAY_MS)).toBe(1_000);
});

test("a source that is away for months finds few questions, and a device that starts anew each day asks no more of them", () => {
  const { asks } = silence(90);
  expect(asks).toBeLessThanOrEqual(30);
  expect(asks).toBeGreaterThanOrEqual(20);
  const restarted = silence(90, (sink, nowMs) => (nowMs % DAY_MS < 300_000 ? restoreSink(sink.job, [], new Set(), nowMs) : sink));
  expect(restarted.asks).toBe(asks);
});

test("a source that speaks of something else is asked each quarter of an hour, and one that comes back at once", () => {
  const context = new World(5, 10).context();
  const chatty = silence(1, (sink, nowMs) => stepSink(sink, { type: "source-seen" }, { ...context, nowMs }).state);
  expect(chatty.asks).toBeGreaterThanOrEqual(95);
  expect(chatty.asks).toBeLessThanOrEqual(102);
  const { sink } = silence(90);
  const back = stepSink(sink, { type: "source-seen" }, { ...context, nowMs: 90 * DAY_MS });
  expect(back.effects.map(({ type }) => type)).toContain("ask-source");
});

test("a chunk that cannot be had is asked for once, and again with each question", () => {
  const world = new World(5, 10);
  const index = 0;
  let sink = stepSink(world.sink, { type: "reference", reference: { index, blob: "b", key: new Uint8Array(32), messageCount: 1, sizeBytes: 1 } }, world.context()).state; // prettier-ignore
  let [questions, reports] = [0, 0];
  for (let nowMs = 1_000; nowMs < DAY_MS; nowMs += 15_000) {
    for (const input of [{ type: "timer" }, { type: "failed", index, failure: { kind: "missing" } }] as const) {
      const step = stepSink(sink, input, { ...world.context(), nowMs });
      sink = step.state;
      questions += step.effects.filter(({ type }) => type === "ask-source").length;
      reports += step.effects.filter((effect) => effect.type === "report" && effect.missing.includes(index)).length;
    }
  }
  expect(questions).toBeGreaterThan(5);
  expect(reports).toBeGreaterThan(questions - 2);
  expect(reports).toBeLessThanOrEqual(questions + 1);
});

test("a clock set back by years delays no retry past the longest pause", () => {
  const reference: ChunkReference = { index: 0, blob: "b", key: new Uint8Array(32), messageCount: 1, sizeBytes: 1 };
  const random = { bytes: (size: number) => new Uint8Array(size) };
  const at = (nowMs: number) => ({ nowMs, random });
  let { state } = stepSink(
    newSink({ jobId: JOB, source: 1, messageCount: 1, chunkCount: 1, messagesDone: 0 }, 1e12),
    { type: "reference", reference },
    at(1e12),
  );
  ({ state } = stepSink(state, { type: "failed", index: 0, failure: { kind: "unreachable" } }, at(1e12)));
  const back = stepSink(state, { type: "timer" }, at(1e11));
  const timer = back.effects.find((effect) => effect.type === "set-timer");
  expect(timer?.type === "set-timer" && timer.afterMs <= 120_000).toBe(true);
});
