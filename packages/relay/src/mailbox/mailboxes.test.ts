/**
 * Invariants under test: what was acknowledged is delivered in order, once, until the cursor covers it, across restarts
 * and moves to the cold table; what was not acknowledged leaves no trace.
 */
import type { DeviceNumber } from "@hawser/base";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { renewMailboxEpoch } from "./index.ts";
import { RETENTION_MS, SURVIVOR_AGE_MS, UPKEEP_EVERY_MS } from "./mailbox-bounds.ts";
import { account, DEVICE, Harness } from "../../test/mailbox-harness.ts";

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

describe("a revoked device", () => {
  const revoked = { account: account(1), device: DEVICE };
  /** Three messages, of which another device waits for the first and the last. */
  const shared = (): void => {
    const both = [1, 2].map((n): [number, DeviceNumber] => [n, DEVICE]);
    for (const [text, to] of [["a", both], ["b", [both[0]!]], ["c", both]] as const) {
      harness.send(text, to);
      harness.flush();
    }
  }; // prettier-ignore

  test("has no messages any more, and nobody else lacks one", () => {
    harness.send("a", [
      [1, DEVICE],
      [2, DEVICE],
    ]);
    harness.flush();
    harness.clock.advance(SURVIVOR_AGE_MS + 2 * UPKEEP_EVERY_MS);
    harness.send("b");
    harness.flush();
    harness.mailboxes.forgetDevice(revoked);
    harness.clock.advance(UPKEEP_EVERY_MS);
    expect([harness.count("cold"), harness.count("blocks")]).toEqual([1, 0]);
    expect([harness.texts(1), harness.texts(2)]).toEqual([[], ["a"]]);
    expect(harness.faults).toEqual([]);
  });

  test("does not come back with a restart, whatever blocks others still wait for", () => {
    shared();
    harness.mailboxes.forgetDevice(revoked);
    harness.clock.advance(UPKEEP_EVERY_MS);
    expect(harness.count("blocks")).toBe(2);
    harness.crash();
    expect([harness.texts(1), harness.texts(2)]).toEqual([[], ["a", "c"]]);
    // A straggler, sent by somebody who knew an older list.
    harness.send("d", [
      [1, DEVICE],
      [2, DEVICE],
    ]);
    harness.flush();
    harness.crash();
    expect(harness.texts(2)).toEqual(["a", "c", "d"]);
  });

  test("does not keep a store closed from which its row was taken, as releases before did", () => {
    shared();
    harness.mailboxes.forgetDevice(revoked);
    harness.clock.advance(UPKEEP_EVERY_MS);
    harness.database.prepare("DELETE FROM mailboxes WHERE account = ?").run(revoked.account);
    harness.crash();
    expect(harness.texts(2)).toEqual(["a", "c"]);
  });
});
