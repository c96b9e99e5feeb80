/** Invariant: a row that is not what was written counts as absent, whichever part of it was damaged; what was written before there were hashes is kept. */
import { openSqliteDatabase } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { expect, test } from "vitest";
import { openStore, type Store } from "./store.ts";

const NOW_MS = 1_000;

function filled(): Store {
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  store.atomically(() => {
    for (const key of ["a", "b"]) store.stateEntries.write("contact", key, new Uint8Array([1, 2, 3]), NOW_MS, 2);
  });
  return store;
}
const keys = ({ stateEntries }: Store): string[] => stateEntries.all().map(({ key }) => key);

const DAMAGE = [
  "value = x'010203ff'", "value = x''", "time_ms = time_ms + 1", "time_ms = 9223372036854775807", "time_ms = -1", "counter = 4294967295", "counter = -5",
  "device = 3", "key = 'c'", "collection = 'block'", "hash = x'00'",
]; // prettier-ignore

test.each(DAMAGE)("%s", (damage) => {
  const store = filled();
  const { stateEntries, database } = store;
  const alone = filled();
  alone.database.exec("DELETE FROM state_entries WHERE key = 'a'");
  database.exec(`UPDATE OR REPLACE state_entries SET ${damage} WHERE key = 'a'`);
  expect(keys(store)).toEqual(["b"]);
  expect(stateEntries.find("contact", "a")).toBeUndefined();
  expect(stateEntries.digests()).toEqual(alone.stateEntries.digests());
  const older = { collection: "contact", key: "a", value: new Uint8Array([7]), timeMs: 1, counter: 0, device: 1 };
  store.atomically(() => {
    // An older write that is whole wins, and so does a new one, at its own time.
    expect(stateEntries.merge(older)).toBe(true);
    expect(stateEntries.write("contact", "a", new Uint8Array([8]), NOW_MS, 2)).toMatchObject({ timeMs: NOW_MS, counter: 0 });
  });
  database.exec(`UPDATE OR REPLACE state_entries SET ${damage} WHERE key = 'a'`);
  store.atomically(() => {
    expect(stateEntries.dropDamaged()).toBeGreaterThan(0);
    expect(stateEntries.dropDamaged()).toBe(0);
  });
  expect(keys(store)).toEqual(["b"]);
});

test("rows from before are believed, and known by their hash from then on", () => {
  const store = filled();
  store.database.exec("UPDATE state_entries SET hash = NULL");
  expect(keys(store)).toEqual(["a", "b"]);
  expect(store.atomically(() => store.stateEntries.dropDamaged())).toBe(0);
  store.database.exec("UPDATE state_entries SET device = 9 WHERE key = 'a'");
  expect(keys(store)).toEqual(["b"]);
});

test("another value of one write is taken over from a snapshot only", () => {
  const store = filled();
  const other = { ...store.stateEntries.find("contact", "a")!, value: new Uint8Array([9]) };
  store.atomically(() => {
    expect(store.stateEntries.merge(other)).toBe(false);
    expect(store.stateEntries.merge(other, true)).toBe(true);
    expect(store.stateEntries.merge({ ...other, timeMs: 1 }, true)).toBe(false);
  });
  expect(store.stateEntries.find("contact", "a")).toEqual(other);
});
