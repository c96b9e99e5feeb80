/** Invariants: a slot is written once and never lost before its time; a side has one writer; over is over. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteDatabase } from "@hawser/io-node";
import { RENDEZVOUS_LIFETIME_MS } from "@hawser/wire";
import { expect, test } from "vitest";
import { RendezvousStore } from "./rendezvous-store.ts";
import { MAX_WATCHERS_PER_RENDEZVOUS, MAX_WATCHES_PER_CONNECTION, RendezvousWatchers } from "./rendezvous-watchers.ts";

const ID = new Uint8Array(16).fill(7);
const MINE = new Uint8Array(16).fill(1);
const THEIRS = new Uint8Array(16).fill(2);
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const T0 = 1_800_000_000_000;

test("slots are written once, by the writer of slot 0, repeated bytes are welcome", () => {
  const store = new RendezvousStore(openSqliteDatabase(":memory:"));
  expect(store.put(ID, 2, 1, bytes(9), MINE, T0)).toEqual({ kind: "conflict" });
  expect(store.put(ID, 2, 0, bytes(1), MINE, T0)).toEqual({ kind: "stored", fresh: true, expiresInMs: RENDEZVOUS_LIFETIME_MS });
  expect(store.put(ID, 2, 0, bytes(1), MINE, T0 + 5)).toEqual({ kind: "stored", fresh: false, expiresInMs: RENDEZVOUS_LIFETIME_MS - 5 });
  expect(store.put(ID, 2, 0, bytes(2), MINE, T0)).toEqual({ kind: "conflict" });
  expect(store.put(ID, 2, 0, bytes(1), THEIRS, T0)).toEqual({ kind: "conflict" });
  expect(store.put(ID, 2, 1, bytes(2), THEIRS, T0)).toEqual({ kind: "conflict" });
  expect(store.put(ID, 2, 1, bytes(2), MINE, T0)).toMatchObject({ kind: "stored", fresh: true });
  expect(store.put(ID, 1, 0, bytes(3), THEIRS, T0)).toMatchObject({ kind: "stored", fresh: true });
  const read = store.read(ID, 2, 0, T0);
  expect(read === "expired" ? [] : read.slots.map((slot) => [slot.index, ...slot.body])).toEqual([
    [0, 1],
    [1, 2],
  ]);
  expect(store.read(ID, 2, 2, T0)).toMatchObject({ slots: [] });
});

test("ten minutes after the first write it is over, also after a sweep and for late writers", () => {
  const store = new RendezvousStore(openSqliteDatabase(":memory:"));
  store.put(ID, 1, 0, bytes(1), MINE, T0);
  store.put(ID, 1, 1, bytes(1), MINE, T0 + RENDEZVOUS_LIFETIME_MS - 1);
  const over = T0 + RENDEZVOUS_LIFETIME_MS;
  expect(store.read(ID, 1, 0, over)).toBe("expired");
  expect(store.put(ID, 1, 0, bytes(1), MINE, over)).toEqual({ kind: "expired" });
  expect(store.sweep(over)).toBe(false);
  expect(store.put(ID, 2, 0, bytes(1), MINE, over)).toEqual({ kind: "expired" });
  store.sweep(over + 3_600_000);
  expect(store.put(ID, 2, 0, bytes(1), MINE, over + 3_600_000)).toMatchObject({ kind: "stored", fresh: true });
});

test("what was acknowledged is there after a kill", () => {
  const folder = mkdtempSync(join(tmpdir(), "hawser-rendezvous-"));
  const database = openSqliteDatabase(join(folder, "a.db"));
  new RendezvousStore(database).put(ID, 1, 0, bytes(4, 2), MINE, T0);
  for (const suffix of ["", "-wal"]) copyFileSync(join(folder, `a.db${suffix}`), join(folder, `b.db${suffix}`));
  const again = openSqliteDatabase(join(folder, "b.db"));
  expect(new RendezvousStore(again).read(ID, 1, 0, T0)).toMatchObject({ slots: [{ index: 0, body: bytes(4, 2) }] });
  database.close();
  again.close();
  rmSync(folder, { recursive: true });
});

test("a full store says when there will be room", () => {
  const store = new RendezvousStore(openSqliteDatabase(":memory:"), 2);
  const id = (value: number): Uint8Array => new Uint8Array(16).fill(value);
  store.put(id(1), 1, 0, bytes(1), MINE, T0);
  store.put(id(2), 1, 0, bytes(1), MINE, T0 + 1_000);
  expect(store.put(id(3), 1, 0, bytes(1), MINE, T0 + 2_000)).toEqual({ kind: "full", retryAfterMs: RENDEZVOUS_LIFETIME_MS - 2_000 });
  expect(store.put(id(1), 2, 0, bytes(1), THEIRS, T0 + 2_000)).toMatchObject({ kind: "stored" });
  expect(store.put(id(3), 1, 0, bytes(1), MINE, T0 + RENDEZVOUS_LIFETIME_MS)).toMatchObject({ kind: "stored" });
});

test("watchers hear of their side only, from where they asked, until they leave", () => {
  const watchers = new RendezvousWatchers<object>();
  const [first, second] = [{}, {}];
  expect(watchers.add(ID, 1, 1, first)).toBe(true);
  expect(watchers.add(ID, 2, 0, second)).toBe(true);
  expect(watchers.of(ID, 1, 0)).toEqual([]);
  expect(watchers.of(ID, 1, 1)).toEqual([first]);
  watchers.add(ID, 1, 0, first);
  expect(watchers.of(ID, 1, 0)).toEqual([first]);
  watchers.disconnected(first);
  watchers.leave(ID, second);
  expect(watchers.size).toBe(0);
});

test("watches are bounded per connection and per rendezvous", () => {
  const watchers = new RendezvousWatchers<object>();
  const greedy = {};
  const id = (value: number): Uint8Array => new Uint8Array(16).fill(value);
  for (let i = 0; i < MAX_WATCHES_PER_CONNECTION; i++) expect(watchers.add(id(i), 1, 0, greedy)).toBe(true);
  expect(watchers.add(id(99), 1, 0, greedy)).toBe(false);
  for (let i = 0; i < MAX_WATCHERS_PER_RENDEZVOUS; i++) expect(watchers.add(id(200), 1, 0, { i })).toBe(true);
  expect(watchers.add(id(200), 1, 0, {})).toBe(false);
});
