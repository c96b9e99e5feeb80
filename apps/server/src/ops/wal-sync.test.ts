/** The acknowledgement waits for the sync of the write-ahead log itself, and the server does not; failures reach everybody concerned. */
import fs, { fstatSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSqliteDatabase } from "@hawser/io-node";
import type { SqlDatabase } from "@hawser/base";
import { WalSync } from "./wal-sync.ts";

let folder: string;
let database: SqlDatabase;
let wal: WalSync;
/** Syncs that the test lets return. */
let held: { file: number; done: (failure: Error | null) => void }[];
const real = fs.fdatasync;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hawser-wal-"));
  database = openSqliteDatabase(join(folder, "store.db"), { synchronous: "normal" });
  database.exec("CREATE TABLE t (x INTEGER)");
  wal = new WalSync(join(folder, "store.db"));
  held = [];
  fs.fdatasync = ((file: number, done: (failure: Error | null) => void) => void held.push({ file, done })) as typeof real;
  syncBuiltinESMExports();
});
afterEach(() => {
  fs.fdatasync = real;
  syncBuiltinESMExports();
  wal.close();
  for (const { done } of held) done(null);
  database.close();
  rmSync(folder, { recursive: true });
});

test("it is the file that SQLite writes", () => {
  wal.start(() => undefined);
  const log = statSync(join(folder, "store.db-wal"));
  expect(fstatSync(held[0]!.file).ino).toBe(log.ino);
  database.exec("INSERT INTO t VALUES (1)");
  expect(fstatSync(held[0]!.file).size).toBeGreaterThan(log.size);
  wal.now();
});

test("one at a time; whoever comes meanwhile waits for the next one, and hears of a failure of this one", () => {
  const heard: string[] = [];
  const start = (name: string): void => wal.start((failure) => heard.push(failure === undefined ? name : `${name} failed`));
  start("a");
  start("b");
  start("c");
  expect(held).toHaveLength(1);
  held.shift()!.done(null);
  expect(heard).toEqual(["a"]);
  expect(held).toHaveLength(1);
  start("d");
  held.shift()!.done(new Error("EIO"));
  expect(heard).toEqual(["a", "b failed", "c failed", "d failed"]);
  expect(held).toHaveLength(0);
  start("e");
  held.shift()!.done(null);
  expect(heard.at(-1)).toBe("e");
});

test("a descriptor is not closed under a sync; afterwards there is none", async () => {
  wal.start(() => undefined);
  const { file, done } = held.shift()!;
  wal.close();
  expect(() => fstatSync(file)).not.toThrow();
  done(null);
  expect(() => fstatSync(file)).toThrow();
  const failure = await new Promise((resolve) => wal.start(resolve));
  expect(failure).toBeInstanceOf(Error);
  expect(() => wal.now()).toThrow();
});
