/** For tests: mailboxes over a real store with a clock that tests move, commits that fail on demand, and crashes. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AccountId, accountIdFromBytes, type Clock, type DeviceNumber, type SqlDatabase } from "@hawser/base";
import { openSqliteDatabase } from "@hawser/io-node";
import { expect } from "vitest";
import {
  type BlockSync,
  type CopySink,
  DELIVERY_HEAD_BYTES,
  Mailboxes,
  type MailboxesOptions,
  readU16,
  readU32,
} from "../src/mailbox/index.ts";

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
export const account = (n: number): AccountId => accountIdFromBytes(accountBytes(n));
export const DEVICE = 1 as DeviceNumber;
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

/** A disk that answers when the test says so. */
export class ManualSync implements BlockSync {
  #waiting: ((failure: unknown) => void)[] = [];
  /** How often somebody could not wait. */
  waits = 0;
  failNext: Error | undefined;
  /** Called when a sync is asked for, which is the last moment whose writes it covers. */
  asked: () => void = () => undefined;

  start(done: (failure: unknown) => void): void {
    this.asked();
    this.#waiting.push(done);
  }

  now(): void {
    this.waits++;
    this.asked();
    const failure = this.failNext;
    this.failNext = undefined;
    if (failure !== undefined) throw failure;
  }

  get underWay(): number {
    return this.#waiting.length;
  }

  /** What was asked for until now is durable, or not. */
  done(failure?: Error): void {
    for (const callback of this.#waiting.splice(0)) callback(failure);
  }
}

export class Harness {
  readonly clock = new VirtualClock();
  readonly folder: string;
  database: SqlDatabase;
  mailboxes: Mailboxes;
  scheduled: (() => void)[] = [];
  commits: unknown[] = [];
  /** How often a block was sealed, and what was told in which order. */
  story: string[] = [];
  faults: unknown[] = [];
  failNextInsert = false;
  #ids = 0;
  readonly #options: Partial<MailboxesOptions>;
  readonly #synchronous: "full" | "normal";

  constructor(
    options: Partial<MailboxesOptions> = {},
    folder = mkdtempSync(join(tmpdir(), "hawser-mailboxes-")),
    synchronous: "full" | "normal" = "normal",
  ) {
    this.#synchronous = synchronous;
    this.#options = options;
    this.folder = folder;
    this.database = this.#openDatabase();
    this.mailboxes = this.#open();
  }
  #openDatabase(): SqlDatabase {
    return openSqliteDatabase(join(this.folder, "mailbox.db"), { synchronous: this.#synchronous });
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
    mailboxes.onCommit({
      sealed: () => this.story.push("sealed"),
      committed: (failure) => {
        this.story.push(failure === undefined ? "committed" : "failed");
        this.commits.push(failure);
      },
      flushed: () => this.story.push("flushed"),
    });
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
