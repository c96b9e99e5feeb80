/** The store's contract: one capsule a passkey, replaceable and removable; nobody's put can move, cover or count against another's. */
import type { SqlDatabase } from "@hawser/base";
import { openSqliteDatabase } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { MAX_PASSKEYS } from "@hawser/wire";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDirectoryRole } from "../directory/directory-role.ts";
import { seededRandom, TestAccount, TestClock } from "../test-world.ts";
import type { PasskeyCapsules } from "./passkey-capsules.ts";

const [ada, bob] = [new TestAccount(seededRandom(1)), new TestAccount(seededRandom(2))];
const bytes = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const of = (passkey: number, capsule = passkey) => ({
  credentialHash: bytes(passkey),
  locator: bytes(100 + passkey),
  capsule: Uint8Array.of(capsule),
});

let database: SqlDatabase;
const open = (): PasskeyCapsules =>
  openDirectoryRole({
    database,
    primitives: nodePrimitives,
    random: seededRandom(5),
    clock: new TestClock(),
    mode: "open",
    codeSender: { send: () => Promise.resolve() },
  }).passkeyCapsules;

beforeEach(() => {
  database = openSqliteDatabase(":memory:");
});
afterEach(() => database.close());

test("two passkeys of one account: each opens, each is replaced and removed by itself, and all of it outlives a restart", () => {
  expect(open().put(ada.id, of(1), 10)).toBe("stored");
  expect(open().put(ada.id, of(2), 20.9)).toBe("stored");
  const capsules = open();
  expect(capsules.list(ada.id)).toEqual([
    { credentialHash: bytes(1), sinceMs: 10 },
    { credentialHash: bytes(2), sinceMs: 20 },
  ]);
  expect(capsules.put(ada.id, of(1, 9), 30)).toBe("stored");
  expect(capsules.find(bytes(101))?.capsule).toEqual(Uint8Array.of(9));
  expect(capsules.find(bytes(102))?.capsule).toEqual(Uint8Array.of(2));
  expect(capsules.list(ada.id).map(({ sinceMs }) => sinceMs)).toEqual([20, 30]);
  capsules.remove(ada.id, bytes(1));
  capsules.remove(ada.id, bytes(1));
  expect(capsules.find(bytes(101))).toBeUndefined();
  expect(capsules.list(ada.id)).toHaveLength(1);
});

test("a passkey that gives another secret now leaves nothing under the old one", () => {
  const capsules = open();
  capsules.put(ada.id, of(1), 10);
  expect(capsules.put(ada.id, { ...of(1), locator: bytes(50) }, 20)).toBe("stored");
  expect(capsules.find(bytes(101))).toBeUndefined();
  expect(capsules.find(bytes(50))).toBeDefined();
});

test("another account can neither cover a capsule nor remove it; another passkey cannot take its place", () => {
  const capsules = open();
  capsules.put(ada.id, of(1), 10);
  expect(capsules.put(bob.id, { ...of(1, 66) }, 20)).toBe("taken");
  expect(capsules.put(ada.id, { ...of(2, 66), locator: bytes(101) }, 20)).toBe("taken");
  capsules.remove(bob.id, bytes(1));
  expect(capsules.find(bytes(101))?.capsule).toEqual(Uint8Array.of(1));
  expect(capsules.list(bob.id)).toEqual([]);
});

test("an account has as many as it may have passkeys; replacing one still works then", () => {
  const capsules = open();
  for (let passkey = 1; passkey <= MAX_PASSKEYS; passkey++) expect(capsules.put(ada.id, of(passkey), passkey)).toBe("stored");
  expect(capsules.put(ada.id, of(99), 50)).toBe("full");
  expect(capsules.find(bytes(199))).toBeUndefined();
  expect(capsules.put(ada.id, of(3, 7), 60)).toBe("stored");
  expect(capsules.put(bob.id, of(99), 70)).toBe("stored");
  expect(capsules.list(ada.id)).toHaveLength(MAX_PASSKEYS);
});
