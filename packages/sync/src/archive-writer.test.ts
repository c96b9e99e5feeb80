/**
 * Two devices keep one archive: a phone and a companion, over a server that fails, with crashes at every step. Safety: a head names only stored
 * chunks, nothing that stopped waiting at its last device is missing from the head. Liveness: once faults stop, everything is in it.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ARCHIVE_OFF,
  describeArchiveWriter,
  type ArchiveWriterEffect,
  type ArchiveWriterInput,
  type ArchiveWriterState,
  stepArchiveWriter,
  type Waiting,
} from "./archive-writer.ts";
import {
  ARCHIVE_ANEW_AFTER_MS,
  ARCHIVE_FLUSH_AFTER_MS,
  ARCHIVE_SLACK_MS,
  ARCHIVE_TAKE_OVER_AFTER_MS,
  ARCHIVE_TROUBLE_PAUSE_MS,
} from "./bounds.ts";

const CHUNK = 10;

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

interface Head {
  readonly version: number;
  readonly chunks: readonly string[];
  readonly drainedAtMs: number;
}

/** What a driver does, in the smallest form: tables that outlive a crash, and a machine that does not. */
class Writer {
  state: ArchiveWriterState = ARCHIVE_OFF;
  readonly waiting = new Map<number, number>();
  attempt: { blob: string; rows: readonly number[] } | undefined;
  private known: Head | undefined;
  private stored = false;
  private generation = 0;
  readonly world: World;
  readonly phone: boolean;

  constructor(world: World, phone: boolean) {
    this.world = world;
    this.phone = phone;
  }

  start(): void {
    this.generation++;
    this.state = ARCHIVE_OFF;
    this.input({ type: "on", phone: this.phone });
  }

  private count(): Waiting {
    return { messages: this.waiting.size, sinceMs: this.waiting.size === 0 ? undefined : Math.min(...this.waiting.values()) };
  }

  input(given: ArchiveWriterInput): void {
    const step = stepArchiveWriter(this.state, given, this.world.context());
    this.state = step.state;
    for (const effect of step.effects) this.run(effect);
  }

  private run(effect: ArchiveWriterEffect): void {
    const { generation, world } = this;
    const later = (delayMs: number, then: () => void): void => world.after(delayMs, () => generation === this.generation && then());
    if (effect.type === "begin-anew") throw new Error("every head here is believed");
    if (effect.type === "set-timer") return later(effect.afterMs, () => this.input({ type: "look", waiting: this.count(), why: "timer" }));
    later(10, () => {
      if (world.chance(0.15)) return this.input({ type: "failed" });
      if (effect.type === "read-head") {
        this.known = world.head;
        this.stored = false;
        if (this.attempt !== undefined && world.head.chunks.includes(this.attempt.blob)) this.take();
        if (!this.phone)
          for (const [row, notedMs] of this.waiting) if (notedMs <= world.head.drainedAtMs - ARCHIVE_SLACK_MS) this.waiting.delete(row);
        return this.input({ type: "read", waiting: this.count(), stale: false });
      }
      if (effect.type === "store-chunk") {
        const blob = `chunk ${world.blobs.size}`;
        const rows = [...this.waiting.keys()].toSorted((a, b) => b - a).slice(0, CHUNK);
        this.attempt = { blob, rows };
        world.blobs.set(blob, rows);
        this.stored = true;
        return this.input({ type: "stored" });
      }
      expect(this.stored).toBe(true);
      if (this.known!.version !== world.head.version) return this.input({ type: "conflict" });
      const chunks = [...world.head.chunks, this.attempt!.blob];
      expect(chunks.every((chunk) => world.blobs.has(chunk))).toBe(true);
      const drained = this.waiting.size <= this.attempt!.rows.length;
      world.head = { version: world.head.version + 1, chunks, drainedAtMs: drained ? world.nowMs : world.head.drainedAtMs };
      // The answer may be lost: then the next head that is read says so.
      if (world.chance(0.2)) return this.input({ type: "failed" });
      this.known = world.head;
      this.take();
      this.input({ type: "put", waiting: this.count() });
    });
  }

  private take(): void {
    for (const row of this.attempt!.rows) this.waiting.delete(row);
    this.attempt = undefined;
  }
}

class World {
  nowMs = 1_000_000;
  faulty = true;
  head: Head = { version: 0, chunks: [], drainedAtMs: 0 };
  readonly blobs = new Map<string, readonly number[]>();
  readonly random: () => number;
  readonly phone = new Writer(this, true);
  readonly companion = new Writer(this, false);
  private readonly queue: { atMs: number; run: () => void }[] = [];

  constructor(seed: number) {
    this.random = generator(seed);
  }

  chance = (probability: number): boolean => this.faulty && this.random() < probability;
  after = (delayMs: number, run: () => void): void => void this.queue.push({ atMs: this.nowMs + delayMs, run });
  context() {
    return { nowMs: this.nowMs, random: { bytes: (size: number) => new Uint8Array(size).fill(Math.floor(this.random() * 256)) } };
  }

  archived(): Set<number> {
    return new Set(this.head.chunks.flatMap((chunk) => this.blobs.get(chunk)!));
  }

  run(untilMs: number, crash: boolean): void {
    while (this.queue.length > 0) {
      this.queue.sort((a, b) => a.atMs - b.atMs);
      if (this.queue[0]!.atMs > untilMs) break;
      const event = this.queue.shift()!;
      this.nowMs = Math.max(this.nowMs, event.atMs);
      event.run();
      if (crash && this.chance(0.05)) this.phone.start();
      if (crash && this.chance(0.05)) this.companion.start();
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }
}

test("through failures, lost answers and crashes of both writers nothing is missing from the archive", () => {
  fc.assert(
    fc.property(fc.integer(), fc.boolean(), (seed, phoneStays) => {
      const world = new World(seed);
      let row = 0;
      world.phone.start();
      world.companion.start();
      for (let round = 0; round < 12; round++) {
        for (let n = Math.floor(world.random() * 15); n > 0; n--) {
          row++;
          if (phoneStays || round < 6) world.phone.waiting.set(row, world.nowMs);
          world.companion.waiting.set(row, world.nowMs);
        }
        world.run(world.nowMs + 300_000, true);
        // What stopped waiting everywhere stands in the archive.
        const archived = world.archived();
        for (let n = 1; n <= row; n++) expect(archived.has(n) || world.phone.waiting.has(n) || world.companion.waiting.has(n)).toBe(true);
      }
      world.faulty = false;
      world.run(world.nowMs + 3 * ARCHIVE_TAKE_OVER_AFTER_MS, false);
      expect(world.archived().size).toBe(row);
      expect(world.phone.waiting.size).toBe(0);
    }),
    { numRuns: 150 },
  );
});

test("the table is true of the machine: nothing else happens, and everything in it does", () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 600; seed++) {
    const random = generator(seed);
    const pick = (below: number): number => Math.floor(random() * below);
    let state: ArchiveWriterState = ARCHIVE_OFF;
    let nowMs = 0;
    for (let step = 0; step < 40; step++) {
      nowMs += pick(4) * ARCHIVE_FLUSH_AFTER_MS;
      const given: Waiting = pick(3) === 0 ? { messages: 0, sinceMs: undefined } : { messages: pick(2) * 600 + 1, sinceMs: 0 };
      const inputs: ArchiveWriterInput[] = [
        { type: "look", waiting: given, why: (["timer", "connected", "new-key"] as const)[pick(3)]! },
        { type: "read", waiting: given, stale: pick(2) === 0 },
        { type: "stored" },
        { type: "put", waiting: given, stale: pick(2) === 0 },
        { type: "conflict" },
        { type: "refused", fault: "forked" },
        { type: "full" },
        { type: "failed" },
        { type: "on", phone: true },
        { type: "off" },
      ];
      const input = inputs[pick(30) === 0 ? 5 + pick(5) : state.kind === "off" ? 8 : pick(5)]!;
      const before = state.kind;
      state = stepArchiveWriter(state, input, { nowMs, random: { bytes: (size) => new Uint8Array(size) } }).state;
      if (before !== state.kind) seen.add(`${before} -- ${input.type} --> ${state.kind}`);
    }
  }
  const lines = describeArchiveWriter().map((row) => `${row.state} -- ${row.input} --> ${row.next}`);
  expect([...seen].toSorted()).toEqual([...new Set(lines)].toSorted());
});

const at = (nowMs: number) => ({ nowMs, random: { bytes: (size: number) => new Uint8Array(size) } });
const on = (phone: boolean): ArchiveWriterState => stepArchiveWriter(ARCHIVE_OFF, { type: "on", phone }, at(0)).state;
const waiting = (sinceMs: number): Waiting => ({ messages: 3, sinceMs });
const looked = (state: ArchiveWriterState, sinceMs: number, nowMs: number, why: "timer" | "connected" | "new-key" = "timer") =>
  stepArchiveWriter(state, { type: "look", waiting: waiting(sinceMs), why }, at(nowMs));

test("a phone writes after its delay, a companion only what no phone has written for long", () => {
  expect(looked(on(true), 0, ARCHIVE_FLUSH_AFTER_MS - 1).state.kind).toBe("resting");
  expect(looked(on(true), 0, ARCHIVE_FLUSH_AFTER_MS).state.kind).toBe("reading");
  expect(looked(on(false), 0, ARCHIVE_TAKE_OVER_AFTER_MS - 1).state.kind).toBe("resting");
  expect(looked(on(false), 0, ARCHIVE_TAKE_OVER_AFTER_MS).state.kind).toBe("reading");
  expect(looked(on(true), 5_000, 0).state.kind).toBe("reading");
});

test("a full quota and a head that cannot be believed stop the writing, say so, and are looked at again", () => {
  for (const input of [{ type: "full" }, { type: "refused", fault: "rolled-back" }] as const) {
    const reading = looked(on(true), 0, 1e6).state;
    const { state, effects } = stepArchiveWriter(reading, input, at(1e6));
    expect(state).toMatchObject({ kind: "paused", trouble: input.type === "full" ? "full" : "rolled-back" });
    expect(effects).toEqual([{ type: "set-timer", afterMs: ARCHIVE_TROUBLE_PAUSE_MS }]);
    expect(looked(state, 0, 1e6 + 1).state.kind).toBe("paused");
    expect(looked(state, 0, 1e6 + ARCHIVE_TROUBLE_PAUSE_MS).state.kind).toBe("reading");
    expect(looked(state, 0, 1e6 + 1, "connected").state.kind).toBe("reading");
    // A clock that was set back by years.
    const back = looked({ ...state, retryAtMs: 1e12 }, 0, 1_000).effects[0];
    expect(back).toEqual({ type: "set-timer", afterMs: ARCHIVE_TROUBLE_PAUSE_MS });
  }
});

test("a head that another device was faster with is read before anything is put again", () => {
  const read = stepArchiveWriter(looked(on(true), 0, 1e6).state, { type: "read", waiting: waiting(0), stale: false }, at(1e6));
  const stored = stepArchiveWriter(read.state, { type: "stored" }, at(1e6));
  expect([read, stored].flatMap(({ effects }) => effects.map(({ type }) => type))).toEqual(["store-chunk", "put-head"]);
  expect(stepArchiveWriter(stored.state, { type: "conflict" }, at(1e6)).effects).toEqual([{ type: "read-head" }]);
});

test("a head that nobody vouches for is given a minute; then whoever makes the keys begins the archive anew, and nobody else does", () => {
  const refuse = (state: ArchiveWriterState, nowMs: number, mayBegin = true) =>
    stepArchiveWriter(looked(state, 0, nowMs, "connected").state, { type: "refused", fault: "stale-key", mayBegin }, at(nowMs));
  const first = refuse(on(true), 1e6);
  expect(first.state).toMatchObject({ kind: "paused", trouble: "stale-key" });
  expect(first.effects).toEqual([{ type: "set-timer", afterMs: ARCHIVE_ANEW_AFTER_MS }]);
  // Neither another connection nor a clock that is set back makes it sooner, or later than that.
  expect(refuse(first.state, 1e6 + 20_000).effects).toEqual([{ type: "set-timer", afterMs: ARCHIVE_ANEW_AFTER_MS - 20_000 }]);
  expect(refuse(first.state, 1_000).effects).toEqual([{ type: "set-timer", afterMs: ARCHIVE_ANEW_AFTER_MS }]);
  const begun = refuse(first.state, 1e6 + ARCHIVE_ANEW_AFTER_MS);
  expect(begun.effects[0]).toEqual({ type: "begin-anew" });
  expect(looked(begun.state, 0, 1e6 + ARCHIVE_ANEW_AFTER_MS + 1).state.kind).toBe("reading");
  // A head that was believed in between begins the minute anew.
  const reading = looked(first.state, 0, 1e6 + 1, "connected").state;
  const believed = stepArchiveWriter(reading, { type: "read", waiting: { messages: 0, sinceMs: undefined }, stale: false }, at(1e6)).state;
  expect(refuse(believed, 1e6 + ARCHIVE_ANEW_AFTER_MS).effects).toEqual([{ type: "set-timer", afterMs: ARCHIVE_ANEW_AFTER_MS }]);
  // That it is over is found though nothing waits.
  const noneWaits = { type: "look", waiting: { messages: 0, sinceMs: undefined }, why: "timer" } as const;
  expect(stepArchiveWriter(first.state, noneWaits, at(1e6 + ARCHIVE_ANEW_AFTER_MS)).state.kind).toBe("reading");
  // The others look again soon, and then more seldom.
  const other = refuse(on(true), 1e6, false);
  expect(other.effects).toEqual([{ type: "set-timer", afterMs: ARCHIVE_ANEW_AFTER_MS }]);
  const later = refuse(other.state, 1e6 + 3 * ARCHIVE_ANEW_AFTER_MS, false);
  expect(later.effects).toEqual([{ type: "set-timer", afterMs: 3 * ARCHIVE_ANEW_AFTER_MS }]);
  expect(refuse(later.state, 1e12, false).effects).toEqual([{ type: "set-timer", afterMs: ARCHIVE_TROUBLE_PAUSE_MS }]);
});

test("a phone reads the head whenever it connects, a companion only to write; a key made during a put has the head sealed again", () => {
  const none: Waiting = { messages: 0, sinceMs: undefined };
  const look = (phone: boolean) => stepArchiveWriter(on(phone), { type: "look", waiting: none, why: "connected" }, at(0)).state.kind;
  expect([look(true), look(false)]).toEqual(["reading", "resting"]);
  const putting = stepArchiveWriter(looked(on(true), 0, 1e6).state, { type: "read", waiting: waiting(0), stale: false }, at(1e6)).state;
  const stored = stepArchiveWriter(putting, { type: "stored" }, at(1e6)).state;
  expect(stepArchiveWriter(stored, { type: "put", waiting: none, stale: true }, at(1e6)).effects).toEqual([{ type: "put-head" }]);
  expect(stepArchiveWriter(stored, { type: "put", waiting: none, stale: false }, at(1e6)).state.kind).toBe("resting");
});

test("a new key seals the head anew though nothing waits; switched off, nothing is done", () => {
  const { state } = stepArchiveWriter(on(true), { type: "look", waiting: { messages: 0, sinceMs: undefined }, why: "new-key" }, at(0));
  const read = stepArchiveWriter(state, { type: "read", waiting: { messages: 0, sinceMs: undefined }, stale: true }, at(0));
  expect(read.effects).toEqual([{ type: "put-head" }]);
  const off = stepArchiveWriter(read.state, { type: "off" }, at(0)).state;
  for (const input of [{ type: "stored" }, { type: "conflict" }, { type: "full" }] as const)
    expect(stepArchiveWriter(off, input, at(0))).toEqual({ state: ARCHIVE_OFF, effects: [] });
  expect(looked(off, 0, 1e9).effects).toEqual([]);
});
