/**
 * Invariants under test: what was acknowledged is delivered in order, once, until the cursor covers it, across restarts
 * and moves to the cold table; what was not acknowledged leaves no trace.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AccountId, accountIdFromBytes, type Clock, type DeviceNumber, type SqlDatabase } from "@hawser/base";
import { openSqliteDatabase } from "@hawser/io-node";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CopySink, DELIVERY_HEAD_BYTES, Mailboxes, type MailboxesOptions, readU16, readU32, renewMailboxEpoch } from "./index.ts";
import { RETENTION_MS, SURVIVOR_AGE_MS, UPKEEP_EVERY_MS } from "./mailbox-bounds.ts";

class VirtualClock implements Clock {
  #now = 1_000_000;
  #timers: { at: number; callback: () => void }[] = [];
  nowMs = (): number => this.#now;
  monotonicMs = (): number => this.#now;
  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }
  /** The process is gone, and its timers with it. */
  forgetTimers(): void {
    this.#timers = [];
  }
  jump(ms: number): void {
    this.#now += ms;
  }
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = end;
  }
}

const accountBytes = (n: number): Uint8Array => new Uint8Array(20).fill(n);
const account = (n: number): AccountId => accountIdFromBytes(accountBytes(n));
const DEVICE = 1 as DeviceNumber;
const SENDER = 9;

interface Seen {
  sequence: number;
  text: string;
  capsule: string;
}

/** Decodes what the mailboxes hand out, as far as a byte budget allows. */
class Collector implements CopySink {
  readonly seen: Seen[] = [];
  readonly #limit: number;
  constructor(limit = Infinity) {
    this.#limit = limit;
  }
  add(sequence: number, source: Uint8Array, headAt: number, capsuleAt: number, bodyAt: number): boolean {
    if (this.seen.length >= this.#limit) return false;
    expect([...source.subarray(headAt + 8, headAt + 28)]).toEqual([...accountBytes(SENDER)]);
    expect(readU32(source, headAt + 28)).toBe(1);
    expect(DELIVERY_HEAD_BYTES).toBe(48);
    const capsule = source.subarray(capsuleAt + 2, capsuleAt + 2 + readU16(source, capsuleAt));
    const body = source.subarray(bodyAt + 4, bodyAt + 4 + readU32(source, bodyAt));
    this.seen.push({ sequence, text: new TextDecoder().decode(body), capsule: new TextDecoder().decode(capsule) });
    return true;
  }
}

class Harness {
  readonly clock = new VirtualClock();
  readonly folder = mkdtempSync(join(tmpdir(), "hawser-mailboxes-"));
  database: SqlDatabase;
  mailboxes: Mailboxes;
  scheduled: (() => void)[] = [];
  commits: unknown[] = [];
  faults: unknown[] = [];
  failNextInsert = false;
  #ids = 0;
  readonly #options: Partial<MailboxesOptions>;

  constructor(options: Partial<MailboxesOptions> = {}) {
    this.#options = options;
    this.database = this.#openDatabase();
    this.mailboxes = this.#open();
  }
  #openDatabase(): SqlDatabase {
    return openSqliteDatabase(join(this.folder, "mailbox.db"), { synchronous: "normal" });
  }
  #open(): Mailboxes {
    const real = this.database;
    const database: SqlDatabase = {
      exec: (sql) => real.exec(sql),
      prepare: (sql) => {
        const statement = real.prepare(sql);
        if (!sql.startsWith("INSERT INTO blocks")) return statement;
        return {
          ...statement,
          get: (...p) => statement.get(...p),
          all: (...p) => statement.all(...p),
          run: (...p) => {
            if (this.failNextInsert) {
              this.failNextInsert = false;
              throw new Error("disk full");
            }
            return statement.run(...p);
          },
        };
      },
      transaction: (body) => real.transaction(body),
      get inTransaction() {
        return real.inTransaction;
      },
      close: () => real.close(),
    };
    this.scheduled = [];
    const mailboxes = new Mailboxes({
      database,
      clock: this.clock,
      random: { bytes: (size) => new Uint8Array(size).fill(7) },
      schedule: (callback) => this.scheduled.push(callback),
      onUpkeepFailure: (cause) => this.faults.push(cause),
      ...this.#options,
    });
    mailboxes.onCommit((failure) => this.commits.push(failure));
    return mailboxes;
  }
  /** As after kill -9: nothing is closed in an orderly way, the file is opened again. */
  crash(): void {
    this.clock.forgetTimers();
    this.database.close();
    this.database = this.#openDatabase();
    this.mailboxes = this.#open();
  }
  send(text: string, to: readonly [number, DeviceNumber][] = [[1, DEVICE]], id?: Uint8Array): boolean {
    const window = this.mailboxes.holdWindow({ account: account(SENDER), device: DEVICE });
    this.mailboxes.releaseWindow(window);
    const messageId = id ?? this.newId();
    return this.mailboxes.append(
      { accountBytes: accountBytes(SENDER), device: DEVICE, window },
      messageId,
      new TextEncoder().encode(text),
      to.map(([n, device]) => ({
        mailbox: this.mailboxes.mailbox(account(n), device),
        accountBytes: accountBytes(n),
        capsule: new TextEncoder().encode(`for ${n}/${device}`),
      })),
    );
  }
  newId(): Uint8Array {
    const id = new Uint8Array(16);
    new DataView(id.buffer).setUint32(12, ++this.#ids);
    return id;
  }
  flush(): void {
    for (const callback of this.scheduled.splice(0)) callback();
  }
  waiting(n = 1, device = DEVICE, after = 0, limit = Infinity): Seen[] {
    const collector = new Collector(limit);
    this.mailboxes.read(this.mailboxes.mailbox(account(n), device), after, collector);
    return collector.seen;
  }
  texts(n = 1, device = DEVICE): string[] {
    return this.waiting(n, device).map((seen) => seen.text);
  }
  advance(sequence: number, n = 1): void {
    this.mailboxes.advance(this.mailboxes.mailbox(account(n), DEVICE), sequence);
  }
  count(table: string): number {
    return this.database.prepare(`SELECT count(*) AS n FROM ${table}`).get<{ n: number }>()!.n;
  }
  remove(): void {
    this.database.close();
    rmSync(this.folder, { recursive: true });
  }
}

let harness: Harness;
beforeEach(() => {
  harness = new Harness();
});
afterEach(() => harness.remove());

describe("append and deliver", () => {
  test("nothing is visible or acknowledged before the commit; then one block holds the whole flush", () => {
    harness.send("a");
    harness.send("b");
    expect(harness.texts()).toEqual([]);
    expect(harness.commits).toEqual([]);
    harness.flush();
    expect(harness.commits).toEqual([undefined]);
    expect(harness.count("blocks")).toBe(1);
    expect(harness.waiting()).toEqual([
      { sequence: 1, text: "a", capsule: "for 1/1" },
      { sequence: 2, text: "b", capsule: "for 1/1" },
    ]);
  });

  test("each recipient gets its own capsule and its own numbers", () => {
    harness.send("x", [[2, DEVICE]]);
    harness.send("y", [
      [1, DEVICE],
      [2, DEVICE],
      [2, 3 as DeviceNumber],
    ]);
    harness.flush();
    expect(harness.waiting(2)).toEqual([
      { sequence: 1, text: "x", capsule: "for 2/1" },
      { sequence: 2, text: "y", capsule: "for 2/1" },
    ]);
    expect(harness.waiting(2, 3 as DeviceNumber)).toEqual([{ sequence: 1, text: "y", capsule: "for 2/3" }]);
  });

  test("a sink that is full is continued from where it stopped", () => {
    for (const text of ["a", "b", "c"]) harness.send(text);
    harness.flush();
    expect(harness.waiting(1, DEVICE, 0, 2).map((seen) => seen.sequence)).toEqual([1, 2]);
    expect(harness.waiting(1, DEVICE, 2).map((seen) => seen.sequence)).toEqual([3]);
  });

  test("a failed commit stores nothing, frees numbers and ids, and says why", () => {
    const id = harness.newId();
    harness.failNextInsert = true;
    harness.send("lost", [[1, DEVICE]], id);
    harness.flush();
    expect(harness.commits[0]).toBeInstanceOf(Error);
    expect(harness.texts()).toEqual([]);
    expect(harness.send("again", [[1, DEVICE]], id)).toBe(true);
    harness.flush();
    expect(harness.waiting()).toEqual([{ sequence: 1, text: "again", capsule: "for 1/1" }]);
  });

  test("subscribers hear once per flush, after the commit", () => {
    const heard: number[] = [];
    const attachment = harness.mailboxes.attach(
      { account: account(1), device: DEVICE },
      { mailboxChanged: () => heard.push(attachment.mailbox.waiting) },
      { epoch: 0, cursor: 0 },
    );
    harness.send("a");
    harness.send("b");
    harness.flush();
    expect(heard).toEqual([2]);
  });
});

describe("sending again", () => {
  test("is recognised in the same flush, later, after a restart, and after the block has left the log", () => {
    const id = harness.newId();
    expect(harness.send("once", [[1, DEVICE]], id)).toBe(true);
    expect(harness.send("once", [[1, DEVICE]], id)).toBe(false);
    harness.flush();
    expect(harness.send("once", [[1, DEVICE]], id)).toBe(false);
    harness.crash();
    expect(harness.send("once", [[1, DEVICE]], id)).toBe(false);
    harness.advance(1);
    harness.clock.advance(UPKEEP_EVERY_MS);
    expect(harness.count("blocks")).toBe(0);
    harness.crash();
    expect(harness.send("once", [[1, DEVICE]], id)).toBe(false);
  });
});

describe("cursor", () => {
  test("blocks leave the log when nobody waits for them, and the cursor survives", () => {
    harness.send("a", [
      [1, DEVICE],
      [2, DEVICE],
    ]);
    harness.flush();
    harness.advance(1);
    harness.clock.advance(UPKEEP_EVERY_MS);
    expect(harness.count("blocks")).toBe(1);
    harness.crash();
    expect(harness.texts(1)).toEqual([]);
    expect(harness.texts(2)).toEqual(["a"]);
    harness.advance(1, 2);
    harness.clock.advance(UPKEEP_EVERY_MS);
    expect(harness.count("blocks")).toBe(0);
    harness.send("b");
    harness.flush();
    expect(harness.waiting()).toEqual([{ sequence: 2, text: "b", capsule: "for 1/1" }]);
  });

  test("a cursor not written yet only means delivery again", () => {
    harness.send("a");
    harness.flush();
    harness.advance(1);
    harness.crash();
    expect(harness.texts()).toEqual(["a"]);
  });
});

describe("survivors", () => {
  test("move to the cold table, keep their order with newer ones, and survive a restart", () => {
    for (let i = 0; i < 300; i++) {
      harness.send(`m${i}`);
      if (i % 10 === 0) harness.flush();
    }
    harness.flush();
    harness.clock.advance(SURVIVOR_AGE_MS + 2 * UPKEEP_EVERY_MS);
    expect(harness.count("blocks")).toBe(0);
    expect(harness.count("cold")).toBe(300);
    harness.send("new");
    harness.flush();
    const expected = [...Array.from({ length: 300 }, (_, i) => `m${i}`), "new"];
    expect(harness.texts()).toEqual(expected);
    harness.crash();
    expect(harness.texts()).toEqual(expected);
    harness.advance(150);
    harness.clock.advance(UPKEEP_EVERY_MS);
    expect(harness.count("cold")).toBe(150);
    harness.advance(301);
    harness.clock.advance(UPKEEP_EVERY_MS);
    expect(harness.count("cold")).toBe(0);
    expect(harness.faults).toEqual([]);
  });

  test("an idle mailbox leaves the memory once it is written", () => {
    harness.send("a");
    harness.flush();
    harness.clock.advance(SURVIVOR_AGE_MS + 2 * UPKEEP_EVERY_MS);
    expect(harness.mailboxes.statistics).toMatchObject({ openMailboxes: 0, logBlocks: 0, logMemoryBytes: 0 });
    expect(harness.texts()).toEqual(["a"]);
  });
});

describe("overflow and age", () => {
  test("the oldest are dropped, the device stays and is told to resync", () => {
    harness.remove();
    harness = new Harness({ maxMessages: 100 });
    for (let i = 0; i < 150; i++) harness.send(`m${i}`);
    harness.flush();
    const seen = harness.waiting();
    expect(seen.length).toBeLessThanOrEqual(100);
    expect(seen.length).toBeGreaterThan(80);
    expect(seen.at(-1)).toMatchObject({ sequence: 150, text: "m149" });
    harness.clock.advance(UPKEEP_EVERY_MS);
    harness.crash();
    expect(harness.waiting()).toEqual(seen);
    const attachment = harness.mailboxes.attach(
      { account: account(1), device: DEVICE },
      { mailboxChanged: () => undefined },
      { epoch: 0, cursor: 0 },
    );
    expect(attachment).toMatchObject({ needsResync: true, start: seen[0]!.sequence - 1 });
  });

  test("bytes are bounded too, also across the cold table", () => {
    harness.remove();
    harness = new Harness({ maxBytes: 100_000 });
    for (let i = 0; i < 5; i++) harness.send("x".repeat(15_000));
    harness.flush();
    harness.clock.advance(SURVIVOR_AGE_MS + 2 * UPKEEP_EVERY_MS);
    for (let i = 0; i < 5; i++) harness.send("y".repeat(15_000));
    harness.flush();
    expect(harness.mailboxes.mailbox(account(1), DEVICE).waitingBytes).toBeLessThanOrEqual(100_000);
    expect(harness.waiting().map((seen) => seen.sequence)).toEqual([5, 6, 7, 8, 9, 10]);
    harness.clock.advance(UPKEEP_EVERY_MS);
    expect(harness.count("cold")).toBe(1);
  });

  test("a message waits 60 days, then its mailbox needs a resync", () => {
    harness.send("old");
    harness.flush();
    harness.clock.advance(SURVIVOR_AGE_MS + 2 * UPKEEP_EVERY_MS);
    harness.clock.jump(RETENTION_MS - SURVIVOR_AGE_MS - 10_000);
    harness.mailboxes.expire();
    expect(harness.texts()).toEqual(["old"]);
    harness.clock.jump(60_000);
    harness.mailboxes.expire();
    expect(harness.texts()).toEqual([]);
    expect(harness.mailboxes.mailbox(account(1), DEVICE).dropped).toBe(1);
  });
});

describe("epoch", () => {
  const address = { account: account(1), device: DEVICE };
  const quiet = { mailboxChanged: (): void => undefined };

  test("a cursor of the same epoch counts, one of another is ignored", () => {
    for (const text of ["a", "b"]) harness.send(text);
    harness.flush();
    const { epoch } = harness.mailboxes.attach(address, quiet, { epoch: 0, cursor: 0 });
    expect(harness.mailboxes.attach(address, quiet, { epoch, cursor: 1 })).toMatchObject({ start: 1, needsResync: false });
    renewMailboxEpoch(harness.database, { bytes: (size) => new Uint8Array(size).fill(8) });
    harness.clock.advance(UPKEEP_EVERY_MS);
    harness.crash();
    const after = harness.mailboxes.attach(address, quiet, { epoch, cursor: 2 });
    expect(after).toMatchObject({ start: 1, needsResync: true });
    expect(after.epoch).not.toBe(epoch);
  });

  test("a device that has seen numbers this store never gave out gets a new epoch, and numbers are not reused", () => {
    harness.send("a");
    harness.flush();
    const { epoch } = harness.mailboxes.attach(address, quiet, { epoch: 0, cursor: 0 });
    const after = harness.mailboxes.attach(address, quiet, { epoch, cursor: 50 });
    expect(after.needsResync).toBe(true);
    expect(after.epoch).not.toBe(epoch);
    harness.clock.advance(UPKEEP_EVERY_MS);
    harness.crash();
    expect(harness.mailboxes.attach(address, quiet, { epoch: after.epoch, cursor: 0 }).epoch).toBe(after.epoch);
    expect(harness.texts()).toEqual(["a"]);
  });

  test("a device whose own store went back is told", () => {
    for (const text of ["a", "b"]) harness.send(text);
    harness.flush();
    const { epoch } = harness.mailboxes.attach(address, quiet, { epoch: 0, cursor: 0 });
    harness.advance(2);
    expect(harness.mailboxes.attach(address, quiet, { epoch, cursor: 1 })).toMatchObject({ start: 2, needsResync: true });
  });
});

test("a revoked device's messages and rows go", () => {
  harness.send("a", [
    [1, DEVICE],
    [2, DEVICE],
  ]);
  harness.flush();
  harness.clock.advance(SURVIVOR_AGE_MS + 2 * UPKEEP_EVERY_MS);
  harness.send("b");
  harness.flush();
  harness.mailboxes.forgetDevice({ account: account(1), device: DEVICE });
  harness.clock.advance(UPKEEP_EVERY_MS);
  expect(harness.count("mailboxes")).toBe(1);
  expect(harness.count("blocks")).toBe(0);
  expect(harness.texts(2)).toEqual(["a"]);
  expect(harness.faults).toEqual([]);
});

test("any history of sends, cursors, moves, failures and crashes keeps every acknowledged message, in order, once", () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("send" as const), to: fc.subarray([1, 2, 3], { minLength: 1 }) }) },
    { weight: 3, arbitrary: fc.constant({ kind: "flush" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "fail" as const }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("cursor" as const),
        n: fc.constantFrom(1, 2, 3),
        part: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ kind: "upkeep" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "age" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "crash" as const }) },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
      const subject = new Harness();
      try {
        /** The model: acknowledged texts by account, and those a written cursor may have taken away. */
        const acknowledged = new Map<number, { text: string; confirmed: boolean }[]>([1, 2, 3].map((n) => [n, []]));
        let pending: { to: number[]; text: string }[] = [];
        let sent = 0;
        const check = (afterCrash: boolean): void => {
          for (const [n, all] of acknowledged) {
            const texts = subject.texts(n);
            const open = all.filter((message) => !message.confirmed).map((message) => message.text);
            // After a crash a cursor that was not written yet may show messages again, never out of order, never fewer.
            if (afterCrash) {
              const everything = all.map((message) => message.text);
              expect(texts).toEqual(everything.slice(everything.length - texts.length));
              expect(texts.length).toBeGreaterThanOrEqual(open.length);
              for (const [i, message] of all.entries()) message.confirmed = i < all.length - texts.length;
            } else {
              expect(texts).toEqual(open);
            }
          }
        };
        for (const action of steps) {
          if (action.kind === "send") {
            const text = `m${++sent}`;
            subject.send(
              text,
              action.to.map((n) => [n, DEVICE]),
            );
            pending.push({ to: action.to, text });
          } else if (action.kind === "flush" || action.kind === "fail") {
            subject.failNextInsert = action.kind === "fail" && pending.length > 0;
            const failed = subject.failNextInsert;
            subject.flush();
            if (!failed) for (const { to, text } of pending) for (const n of to) acknowledged.get(n)!.push({ text, confirmed: false });
            pending = [];
          } else if (action.kind === "cursor") {
            const mailbox = subject.mailboxes.mailbox(account(action.n), DEVICE);
            const sequence = Math.floor(mailbox.last * action.part);
            subject.advance(sequence, action.n);
            for (const message of acknowledged.get(action.n)!.slice(0, sequence)) message.confirmed = true;
          } else if (action.kind === "upkeep") {
            subject.mailboxes.upkeep();
          } else if (action.kind === "age") {
            subject.clock.jump(SURVIVOR_AGE_MS);
            subject.mailboxes.upkeep();
          } else {
            subject.crash();
            pending = [];
            check(true);
          }
          check(false);
        }
        expect(subject.faults).toEqual([]);
      } finally {
        subject.remove();
      }
    }),
    { numRuns: 150, seed: 20_261_122 },
  );
});
