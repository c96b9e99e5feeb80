/**
 * Invariants under test, with a disk that answers when the test says so: nothing is acknowledged or delivered before the sync of its block has
 * returned; a block that fails leaves no trace and takes what was built on it along; a power cut loses nothing that was acknowledged.
 */
import { cpSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { account, DEVICE, Harness, ManualSync } from "../../test/mailbox-harness.ts";
import { BLOCK_TARGET_BYTES, SYNC_PATIENCE_MS } from "./mailbox-bounds.ts";

let sync: ManualSync;
let harness: Harness;
beforeEach(() => {
  sync = new ManualSync();
  harness = new Harness({ sync }, undefined, "full");
});
afterEach(() => harness.remove());

describe("a sync beside the work", () => {
  test("is waited for by every acknowledgement and delivery of its block, and by nothing else", () => {
    harness.send("a");
    harness.flush();
    expect(sync.underWay).toBe(1);
    expect(harness.commits).toEqual([]);
    expect(harness.texts()).toEqual([]);
    harness.send("b");
    harness.flush();
    // One at a time: the next block gathers.
    expect(sync.underWay).toBe(1);
    expect(harness.story).toEqual(["sealed", "flushed", "flushed"]);
    sync.done();
    expect(harness.commits).toEqual([undefined]);
    expect(harness.texts()).toEqual(["a"]);
    harness.flush();
    expect(sync.underWay).toBe(1);
    expect(harness.texts()).toEqual(["a"]);
    sync.done();
    expect(harness.texts()).toEqual(["a", "b"]);
    expect(harness.story).toEqual(["sealed", "flushed", "flushed", "committed", "sealed", "flushed", "committed"]);
  });

  test("a message sent again while its block is under way waits for that block, or fails with it", () => {
    const id = harness.newId();
    expect(harness.send("a", [[1, DEVICE]], id)).toBe(true);
    harness.flush();
    expect(harness.send("a", [[1, DEVICE]], id)).toBe(false);
    harness.mailboxes.requestFlush();
    harness.flush();
    expect(harness.commits).toEqual([]);
    sync.done(new Error("the disk is broken"));
    expect(harness.story.filter((word) => word !== "flushed")).toEqual(["sealed", "failed"]);
    expect(harness.send("a", [[1, DEVICE]], id)).toBe(true);
  });

  test("that fails takes back its block and what was built on it; numbers and ids are free again, and the row goes", () => {
    const ids = [harness.newId(), harness.newId()];
    harness.send("a", [[1, DEVICE]], ids[0]!);
    harness.flush();
    harness.send("b", [[1, DEVICE]], ids[1]!);
    sync.done(new Error("the disk is broken"));
    expect(harness.commits).toHaveLength(1);
    expect(harness.commits[0]).toBeInstanceOf(Error);
    harness.flush();
    expect(harness.texts()).toEqual([]);
    expect(harness.send("b", [[1, DEVICE]], ids[1]!)).toBe(true);
    expect(harness.send("a", [[1, DEVICE]], ids[0]!)).toBe(true);
    harness.flush();
    sync.done();
    expect(harness.waiting().map(({ sequence, text }) => [sequence, text])).toEqual([
      [1, "b"],
      [2, "a"],
    ]);
    expect(harness.count("blocks")).toBe(1);
    harness.crash();
    expect(harness.texts()).toEqual(["b", "a"]);
  });

  test.each(["a block", "an upkeep"])(
    "that fails for %s leaves nothing behind in the write-ahead log that later commits would build on",
    (what) => {
      const sizeBytes = (): number => statSync(join(harness.folder, "mailbox.db-wal")).size;
      harness.send("a");
      harness.mailboxes.flush();
      const before = sizeBytes();
      if (what === "a block") {
        harness.send("b");
        harness.flush();
      } else {
        harness.advance(1);
        harness.mailboxes.upkeep();
      }
      expect(sizeBytes()).toBeGreaterThan(before);
      sync.done(new Error("the disk is broken"));
      harness.send("c");
      harness.mailboxes.flush();
      expect(sizeBytes()).toBeLessThan(before);
      harness.crash();
      expect(harness.texts().at(-1)).toBe("c");
    },
  );

  test("that fails when its block is settled already still makes the write-ahead log begin anew", () => {
    const sizeBytes = (): number => statSync(join(harness.folder, "mailbox.db-wal")).size;
    harness.send("a");
    harness.flush();
    harness.mailboxes.flush();
    const before = sizeBytes();
    sync.done(new Error("the disk is broken"));
    expect(harness.texts()).toEqual(["a"]);
    harness.send("b");
    harness.mailboxes.flush();
    expect(sizeBytes()).toBeLessThan(before);
  });

  test("whoever cannot wait syncs at once; the answer that comes late changes nothing", () => {
    harness.send("a");
    harness.flush();
    harness.send("b");
    harness.mailboxes.flush();
    expect(sync.waits).toBe(2);
    expect(harness.texts()).toEqual(["a", "b"]);
    expect(harness.commits).toEqual([undefined, undefined]);
    harness.send("c");
    harness.flush();
    // The first sync's answer, and then that of the block it does not speak for.
    sync.done();
    expect(harness.texts()).toEqual(["a", "b", "c"]);
    sync.failNext = new Error("the disk is broken");
    harness.send("d");
    harness.mailboxes.flush();
    expect(harness.commits.at(-1)).toBeInstanceOf(Error);
    expect(harness.texts()).toEqual(["a", "b", "c"]);
  });

  test("that does not come back in time is waited for", () => {
    harness.send("a");
    harness.flush();
    harness.clock.advance(SYNC_PATIENCE_MS - 1);
    expect(harness.texts()).toEqual([]);
    harness.clock.advance(1);
    expect(sync.waits).toBe(1);
    expect(harness.texts()).toEqual(["a"]);
    harness.send("b");
    harness.flush();
    // The answer to both.
    sync.done();
    harness.clock.advance(SYNC_PATIENCE_MS);
    expect(sync.waits).toBe(1);
    expect(harness.commits).toEqual([undefined, undefined]);
  });

  test("a block that is full while another is under way waits for the disk instead of growing", () => {
    const large = "x".repeat(BLOCK_TARGET_BYTES / 2);
    harness.send("a");
    harness.flush();
    for (let i = 0; i < 9; i++) harness.send(large);
    expect(sync.waits).toBeGreaterThan(0);
    expect(harness.texts()[0]).toBe("a");
    harness.mailboxes.flush();
    expect(harness.texts()).toHaveLength(10);
  });

  test("an upkeep is synced too, though nobody waits for it", () => {
    harness.send("a");
    harness.mailboxes.flush();
    harness.advance(1);
    harness.mailboxes.upkeep();
    expect(sync.underWay).toBe(1);
    sync.done(new Error("the disk is broken"));
    expect(harness.faults).toHaveLength(1);
  });
});

test("an upkeep never makes a block wait: it is synced with the next one, or by itself when none comes", () => {
  harness.send("a");
  harness.mailboxes.flush();
  harness.send("b");
  harness.flush();
  harness.advance(1);
  harness.mailboxes.upkeep();
  // The sync that is under way may have begun before the upkeep: it does not speak for it.
  expect(sync.underWay).toBe(1);
  harness.send("c");
  sync.done();
  harness.flush();
  expect(sync.underWay).toBe(1);
  sync.done();
  expect(sync.underWay).toBe(0);
  harness.send("d");
  harness.flush();
  harness.advance(2);
  harness.mailboxes.upkeep();
  sync.done();
  expect(sync.underWay).toBe(1);
  sync.done(new Error("the disk is broken"));
  expect(harness.faults).toHaveLength(1);
});

test("a power cut at any moment loses nothing that was acknowledged, and repeats nothing", () => {
  const step = fc.constantFrom("send", "send", "flush", "done", "fail", "upkeep", "read", "cut");
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
      const disk = new ManualSync();
      const subject = new Harness({ sync: disk });
      // What a power cut leaves at the least: the files as of the last sync that has returned.
      const image = join(subject.folder, "image");
      mkdirSync(image);
      let copies = 0;
      let [asked, durable] = ["", ""];
      const copy = (from: string): string => {
        const to = join(image, String(copies++));
        mkdirSync(to);
        for (const file of ["mailbox.db", "mailbox.db-wal"]) cpSync(join(from, file), join(to, file));
        return to;
      };
      disk.asked = () => (asked = copy(subject.folder));
      try {
        let sent = 0;
        let [unsealed, sealed]: [string[], string[]] = [[], []];
        const acknowledged: string[] = [];
        let confirmed = 0;
        subject.mailboxes.onCommit({
          sealed: () => ([sealed, unsealed] = [unsealed, []]),
          committed: (failure) => {
            if (failure === undefined) acknowledged.push(...sealed);
            else unsealed = [];
            sealed = [];
          },
          flushed: () => undefined,
        });
        for (const action of steps) {
          if (action === "send") {
            unsealed.push(`m${++sent}`);
            subject.send(`m${sent}`);
          } else if (action === "flush") subject.flush();
          else if (action === "done" || action === "fail") {
            if (action === "done" && disk.underWay > 0) durable = asked;
            disk.done(action === "fail" ? new Error("the disk is broken") : undefined);
          } else if (action === "upkeep") subject.mailboxes.upkeep();
          else if (action === "read") {
            const { last } = subject.mailboxes.mailbox(account(1), DEVICE);
            confirmed = Math.max(confirmed, last);
            subject.advance(last);
          } else {
            expect(subject.texts()).toEqual(acknowledged.slice(confirmed));
            if (durable === "") continue;
            const after = new Harness({}, copy(durable));
            const texts = after.texts();
            after.remove();
            // A cursor that was not durable yet shows messages again; of what was not acknowledged some may be there.
            const known = texts.filter((text) => acknowledged.includes(text));
            expect(known).toEqual(acknowledged.slice(acknowledged.length - known.length));
            expect(known.length).toBeGreaterThanOrEqual(acknowledged.length - confirmed);
            expect(new Set(texts).size).toBe(texts.length);
          }
        }
      } finally {
        subject.remove();
      }
    }),
    { numRuns: 150, seed: 20_261_201 },
  );
}, 120_000);

test("a store that is synced beside the work leaves that to whoever does it; others wait at each commit", () => {
  const mode = (subject: Harness): unknown => subject.database.prepare("PRAGMA synchronous").get();
  const [own, plain] = [harness, new Harness({}, undefined, "full")];
  expect(mode(own)).toEqual({ synchronous: 1 });
  expect(mode(plain)).toEqual({ synchronous: 2 });
  plain.remove();
});
