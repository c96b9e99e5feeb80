/** Heads of archives: one writer at a time, versions that never come twice, and blobs that somebody pays for as long as they stand. */
import type { BlobId, SqlDatabase } from "@hawser/base";
import { openSqliteDatabase } from "@hawser/io-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { seededRandom, TestAccount } from "../test-world.ts";
import { BlobBooks } from "./blob-books.ts";

const NOW_MS = 1_700_000_000_000;
const YEAR_MS = 365 * 86_400_000;
const [ada, bob] = [new TestAccount(seededRandom(1)).id, new TestAccount(seededRandom(2)).id];
const idOf = (n: number): BlobId => n.toString(16).padStart(64, "0") as BlobId;
const head = (n: number): Uint8Array => new Uint8Array(100).fill(n);

let database: SqlDatabase;
let books: BlobBooks;
beforeEach(() => {
  database = openSqliteDatabase(":memory:");
  books = new BlobBooks(database);
});
afterEach(() => database.close());

const enter = (n: number, purpose: "archive" | "history" = "archive", account = ada): void =>
  books.enter([{ id: idOf(n), account, purpose, sizeBytes: 1_000 }], NOW_MS);

test("a head replaces only the version its writer has seen", () => {
  expect(books.archives.get(ada)).toMatchObject({ version: 0, head: new Uint8Array(0) });
  expect(books.archives.put(ada, 0, head(1), [])).toBe(1);
  expect(books.archives.put(ada, 0, head(2), [])).toBeUndefined();
  expect(books.archives.get(ada)).toMatchObject({ version: 1, head: head(1) });
  expect(books.archives.put(ada, 1, head(3), [])).toBe(2);
  expect(books.archives.get(bob).version).toBe(0);
});

test("a version is not given out twice, also after a deletion", () => {
  books.archives.put(ada, 0, head(1), []);
  books.archives.delete(ada);
  expect(books.archives.get(ada)).toMatchObject({ version: 2, head: new Uint8Array(0) });
  expect(books.archives.put(ada, 1, head(2), [])).toBeUndefined();
  expect(books.archives.put(ada, 2, head(2), [])).toBe(3);
});

test("archive blobs outlive everything; what is dropped costs nothing at once and is swept", () => {
  for (const n of [1, 2, 3]) enter(n);
  enter(4, "history");
  expect(books.expire(NOW_MS + YEAR_MS)).toEqual([idOf(4)]);
  expect(books.usedBytes(ada, "archive")).toBe(3_000);
  books.archives.put(ada, 0, head(1), [idOf(2)]);
  expect(books.usedBytes(ada, "archive")).toBe(2_000);
  expect(books.expire(NOW_MS)).toEqual([idOf(2)]);
  expect(books.usedBytes(ada, "archive")).toBe(2_000);
  books.archives.delete(ada);
  expect(books.usedBytes(ada, "archive")).toBe(0);
  expect(books.expire(NOW_MS).toSorted()).toEqual([idOf(1), idOf(3)]);
});

test("a refused head drops nothing; nobody drops another account's blobs, nor blobs of another purpose", () => {
  enter(1, "archive", bob);
  enter(2, "history");
  books.archives.put(ada, 0, head(1), []);
  expect(books.archives.put(ada, 0, head(2), [idOf(1)])).toBeUndefined();
  books.archives.put(ada, 1, head(2), [idOf(1), idOf(2), idOf(9)]);
  books.archives.delete(ada);
  expect(books.expire(NOW_MS)).toEqual([]);
  expect([books.usedBytes(bob, "archive"), books.usedBytes(ada, "history")]).toEqual([1_000, 1_000]);
});

test("dropped and uploaded again before the sweep: it stays, and is paid for", () => {
  enter(1);
  books.archives.put(ada, 0, head(1), [idOf(1)]);
  enter(1);
  expect(books.usedBytes(ada, "archive")).toBe(1_000);
  expect(books.expire(NOW_MS + YEAR_MS)).toEqual([]);
});
