/** Invariants: the stored chain is valid and only grows; the same call again changes nothing; a handle has one account. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accountIdFromBytes, type DeviceNumber, must, type SqlDatabase } from "@hawser/base";
import { purePrimitives, verifyChain } from "@hawser/crypto";
import { nodePrimitives, openSqliteDatabase } from "@hawser/io-node";
import { MAX_FRAME_BYTES, type Register, RegisterSchema, type SignedDeviceList, SignedDeviceListSchema } from "@hawser/wire";
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MAX_BLOCKED_SENDERS } from "../blocks/blocked-senders.ts";
import { entryOf, seededRandom, TestAccount, TestClock } from "../test-world.ts";
import { type DirectoryRole, openDirectoryRole } from "./directory-role.ts";
import type { RegistrationMode } from "./registration.ts";
import { MAX_LISTS_ANSWER_BYTES, SqlDirectory } from "./sql-directory.ts";

let database: SqlDatabase;
let clock: TestClock;
let codes: string[];

beforeEach(() => {
  database = openSqliteDatabase(":memory:");
  clock = new TestClock();
  codes = [];
});
afterEach(() => database.close());

function openRole(mode: RegistrationMode = "open"): DirectoryRole {
  const codeSender = { send: (_address: string, code: string) => Promise.resolve(void codes.push(code)) };
  return openDirectoryRole({ database, primitives: nodePrimitives, random: seededRandom(5), clock, mode, codeSender });
}

const registration = (handle: string, account: TestAccount, more: Partial<Register> = {}): Register =>
  create(RegisterSchema, {
    handle,
    list: account.first,
    invitation: more.invitation ?? "",
    codeAddress: more.codeAddress ?? "",
    code: more.code ?? "",
  });

describe("registering", () => {
  test("the same registration again gives the same answer; others are told why not", () => {
    const role = openRole();
    const [ada, bob] = [new TestAccount(seededRandom(1)), new TestAccount(seededRandom(2))];
    expect(role.registration.register(registration("ada", ada))).toEqual({ ok: true, value: ada.id });
    expect(role.registration.register(registration("ada", ada))).toEqual({ ok: true, value: ada.id });
    expect(role.registration.register(registration("ada", bob))).toEqual({ ok: false, error: "HANDLE_TAKEN" });
    expect(role.registration.register(registration("ada2", ada))).toEqual({ ok: false, error: "ACCOUNT_EXISTS" });
    expect(role.registration.register(registration("Bob", bob))).toEqual({ ok: false, error: "HANDLE_INVALID" });
    expect(role.directory.handleOf(ada.id)).toBe("ada");
    expect(accountIdFromBytes(role.directory.accountOf("ada")!)).toBe(ada.id);
    expect(role.directory.find(bob.id)).toBeUndefined();
  });

  test("a repetition is still answered after the device list moved on", () => {
    const role = openRole();
    const ada = new TestAccount(seededRandom(1));
    must(role.registration.register(registration("ada", ada)));
    must(role.directory.apply([ada.add()]));
    expect(role.registration.register(registration("ada", ada))).toEqual({ ok: true, value: ada.id });
  });

  test("only a list 1 with one device and a good signature begins an account", () => {
    const role = openRole();
    const ada = new TestAccount(seededRandom(1));
    ada.add();
    const second = create(RegisterSchema, { handle: "ada", list: entryOf(ada.latest) });
    expect(role.registration.register(second)).toEqual({ ok: false, error: "LIST_INVALID" });
    const forged = create(SignedDeviceListSchema, { payload: ada.first.payload, signature: new Uint8Array(64) });
    expect(role.registration.register(create(RegisterSchema, { handle: "ada", list: forged }))).toEqual({
      ok: false,
      error: "LIST_INVALID",
    });
    expect(role.registration.register(create(RegisterSchema, { handle: "ada" }))).toEqual({ ok: false, error: "MALFORMED_FIELD" });
  });

  test("an invitation creates as many accounts as it has uses, and a repetition uses none", () => {
    const role = openRole("invitation");
    const accounts = [1, 2, 3].map((seed) => new TestAccount(seededRandom(seed)));
    const invitation = role.registration.invitations.create({ uses: 2, expiresInMs: 1_000 }, clock.nowMs(), seededRandom(9));
    const register = (index: number, code = invitation) =>
      role.registration.register(registration(`user${index}`, accounts[index]!, { invitation: code }));
    expect(register(0, "aaaa-aaaa-aaaa-aaaa")).toEqual({ ok: false, error: "INVITATION_INVALID" });
    expect(register(0, invitation.toUpperCase().replaceAll("-", " ")).ok).toBe(true);
    expect(register(0, "").ok).toBe(true);
    expect(register(1).ok).toBe(true);
    expect(register(2)).toEqual({ ok: false, error: "INVITATION_INVALID" });
    const late = role.registration.invitations.create({ expiresInMs: 1_000 }, clock.nowMs(), seededRandom(10));
    clock.now += 1_000;
    expect(register(2, late)).toEqual({ ok: false, error: "INVITATION_INVALID" });
  });

  test("a one-time code works once, dies after five wrong tries, and after ten minutes", async () => {
    const role = openRole("code");
    const accounts = [1, 2].map((seed) => new TestAccount(seededRandom(seed)));
    const register = (index: number, code: string) =>
      role.registration.register(registration(`user${index}`, accounts[index]!, { codeAddress: "a@example.org", code }));
    const wrong = (code: string): string => (code === "000000" ? "000001" : "000000");
    await role.registration.requestCode("a@example.org");
    expect(register(0, wrong(codes[0]!))).toEqual({ ok: false, error: "CODE_INVALID" });
    expect(register(0, codes[0]!).ok).toBe(true);
    expect(register(1, codes[0]!)).toEqual({ ok: false, error: "CODE_INVALID" });
    await role.registration.requestCode("a@example.org");
    for (let i = 0; i < 5; i++) expect(register(1, wrong(codes[1]!)).ok).toBe(false);
    expect(register(1, codes[1]!)).toEqual({ ok: false, error: "CODE_INVALID" });
    await role.registration.requestCode("a@example.org");
    clock.now += 600_000;
    expect(register(1, codes[2]!)).toEqual({ ok: false, error: "CODE_INVALID" });
  });
});

describe("device lists", () => {
  test("grow by valid lists only; conflicts carry what the caller lacks", () => {
    const { directory, registration: registrations } = openRole();
    const ada = new TestAccount(seededRandom(1));
    must(registrations.register(registration("ada", ada)));
    const second = ada.add();
    expect(directory.apply([second])).toMatchObject({ ok: true, value: { listNumber: 2 } });
    expect(directory.apply([second])).toMatchObject({ ok: true, value: { listNumber: 2 } });
    expect(directory.apply([ada.first, second])).toMatchObject({ ok: true, value: { listNumber: 2 } });

    const fork = directory.apply([ada.fork(1)]);
    expect(fork).toMatchObject({ ok: false, error: { code: "LIST_CONFLICT", account: ada.id } });
    if (!fork.ok) expect(fork.error.missing.map((list) => list.payload)).toEqual([second.payload]);

    const third = ada.add();
    const fourth = ada.add();
    const gap = directory.apply([fourth]);
    expect(gap).toMatchObject({ ok: false, error: { code: "LIST_CONFLICT", missing: [] } });
    expect(directory.apply([third, fourth])).toMatchObject({ ok: true, value: { listNumber: 4 } });

    const forged = create(SignedDeviceListSchema, { payload: ada.add().payload, signature: new Uint8Array(64) });
    expect(directory.apply([forged])).toMatchObject({ ok: false, error: { code: "LIST_INVALID" } });
    expect(directory.apply([])).toMatchObject({ ok: false, error: { code: "LIST_INVALID" } });
    expect(directory.apply([new TestAccount(seededRandom(8)).first])).toMatchObject({ ok: false, error: { code: "UNKNOWN_ACCOUNT" } });
    expect(directory.find(ada.id)?.listNumber).toBe(4);
  });

  test("a list built on a fork is a conflict with what stands there", () => {
    const { directory, registration: registrations } = openRole();
    const [ada, twin] = [new TestAccount(seededRandom(1)), new TestAccount(seededRandom(1))];
    must(registrations.register(registration("ada", ada)));
    must(directory.apply([ada.add()]));
    twin.add("phone");
    expect(directory.apply([twin.add()])).toMatchObject({ ok: false, error: { code: "LIST_CONFLICT" } });
    expect(directory.find(ada.id)?.listHash).toEqual(ada.latest.hash);
  });

  test("a revocation is told to listeners, found later, and survives a restart", () => {
    const folder = mkdtempSync(join(tmpdir(), "hawser-directory-"));
    const path = join(folder, "directory.db");
    const ada = new TestAccount(seededRandom(1));
    const open = () => {
      const file = openSqliteDatabase(path);
      return { file, directory: new SqlDirectory({ database: file, primitives: nodePrimitives }) };
    };
    database.close();
    database = openSqliteDatabase(path);
    const role = openRole();
    const heard: unknown[] = [];
    role.directory.onChange((entry, lists, revoked) => heard.push([entry.listNumber, lists.length, revoked]));
    must(role.registration.register(registration("ada", ada)));
    const [second, revoking] = [ada.add(), ada.revoke(2)];
    must(role.directory.apply([second, revoking]));
    must(role.directory.apply([ada.add()]));
    must(role.directory.apply([revoking]));
    expect(heard).toEqual([
      [1, 1, []],
      [3, 2, []],
      [4, 1, []],
    ]);
    must(role.directory.apply([ada.revoke(3)]));
    expect(heard.at(-1)).toEqual([5, 1, [3]]);
    const again = open();
    expect(again.directory.find(ada.id)?.listNumber).toBe(5);
    expect(again.directory.revokingList(ada.id, 2 as DeviceNumber)?.payload).toEqual(revoking.payload);
    expect(again.directory.revokingList(ada.id, 1 as DeviceNumber)).toBeUndefined();
    again.file.close();
    rmSync(folder, { recursive: true });
  });

  test("whatever arrives in whatever order, the chain stays valid and never shrinks", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), fc.array(fc.tuple(fc.nat({ max: 3 }), fc.nat()), { maxLength: 30 }), (seed, steps) => {
        const fresh = openSqliteDatabase(":memory:");
        // A tiny cache, so that entries are also read back from the store.
        const directory = new SqlDirectory({ database: fresh, primitives: purePrimitives, maxCachedAccounts: 1 });
        const accounts = [new TestAccount(seededRandom(seed)), new TestAccount(seededRandom(seed + 1))] as const;
        for (const [index, account] of accounts.entries()) {
          fresh.transaction(() => directory.insertFirst(account.chain[0]!, `user${index}`, 0));
          directory.announceFirst(account.chain[0]!);
        }
        const heights = [1, 1];
        for (const [kind, pick] of steps) {
          const account = accounts[(pick % 2) as 0 | 1];
          let lists: SignedDeviceList[];
          if (kind === 0 && account.latest.list.devices.length < 10) lists = [account.add()];
          else if (kind === 1 && account.latest.list.devices.length > 1)
            lists = [account.revoke(account.latest.list.devices.at(-1)!.number)];
          else if (kind === 2) lists = account.chain.slice(pick % account.chain.length).map(entryOf);
          else lists = [account.fork(1 + (pick % account.chain.length))];
          directory.apply(lists);
          const height = directory.find(account.id)!.listNumber;
          expect(height).toBeGreaterThanOrEqual(heights[pick % 2]!);
          heights[pick % 2] = height;
          const stored = directory.listsAfter(account.id, 0);
          expect(verifyChain(purePrimitives, stored, { account: account.id })).toMatchObject({ kind: "ok", latest: { number: height } });
        }
        fresh.close();
      }),
      { numRuns: 12, seed: 42 },
    );
  });

  test("an answer with lists fits a frame", () => {
    const { directory, registration: registrations } = openRole();
    const ada = new TestAccount(seededRandom(1));
    must(registrations.register(registration("ada", ada)));
    const insert = database.prepare("INSERT INTO lists SELECT account, ?, ?, signature FROM lists WHERE number = 1");
    for (let number = 2; number <= 200; number++) insert.run(number, new Uint8Array(16_000));
    const lists = directory.listsAfter(ada.id, 0);
    expect(lists.length).toBeGreaterThan(10);
    expect(lists.reduce((sum, list) => sum + list.payload.length, 0)).toBeLessThanOrEqual(MAX_LISTS_ANSWER_BYTES);
    expect(MAX_LISTS_ANSWER_BYTES).toBeLessThan(MAX_FRAME_BYTES);
  });
});

test("blocking is remembered, idempotent and bounded", () => {
  const { directory } = openRole();
  const [ada, bob] = [new TestAccount(seededRandom(1)).id, new TestAccount(seededRandom(2)).id];
  expect(directory.isBlocked(ada, bob)).toBe(false);
  expect(directory.blocked.set(ada, bob, true)).toBe(true);
  expect(directory.blocked.set(ada, bob, true)).toBe(true);
  expect(directory.isBlocked(ada, bob)).toBe(true);
  expect(directory.isBlocked(bob, ada)).toBe(false);
  expect(new SqlDirectory({ database, primitives: purePrimitives }).isBlocked(ada, bob)).toBe(true);
  expect(directory.blocked.set(ada, bob, false)).toBe(true);
  expect(directory.isBlocked(ada, bob)).toBe(false);
  const random = seededRandom(3);
  for (let i = 0; i < MAX_BLOCKED_SENDERS; i++) directory.blocked.set(ada, accountIdFromBytes(random.bytes(20)), true);
  expect(directory.blocked.set(ada, bob, true)).toBe(false);
});

test("a recovery capsule can be asked for with waits that double and survive a restart", () => {
  const role = openRole();
  const ada = new TestAccount(seededRandom(1));
  must(role.registration.register(registration("ada", ada)));
  const account = role.directory.accountOf("ada")!;
  expect(role.recovery.get(account, clock.nowMs())).toEqual({ kind: "unknown" });
  role.recovery.put(ada.id, Uint8Array.of(1, 2), clock.nowMs());
  const waits: number[] = [];
  for (let i = 0; i < 12; i++) {
    const answer = openRole().recovery.get(account, clock.nowMs());
    if (answer.kind === "wait") {
      waits.push(answer.retryAfterMs);
      clock.now += answer.retryAfterMs;
    } else expect(answer).toEqual({ kind: "capsule", capsule: Uint8Array.of(1, 2) });
  }
  expect(waits).toEqual([30_000, 60_000, 120_000, 240_000, 480_000]);
  clock.now -= 48 * 3_600_000;
  const setBack = role.recovery.get(account, clock.nowMs());
  expect(setBack.kind === "wait" ? setBack.retryAfterMs : 0).toBeLessThanOrEqual(3_600_000);
});

test("activity is kept to the hour", () => {
  const { activity } = openRole();
  const ada = new TestAccount(seededRandom(1));
  activity.seen(ada.address(), clock.nowMs() + 1_234_567);
  const [seen] = activity.of(ada.id).values();
  expect(seen! % 3_600_000).toBe(0);
  expect(clock.nowMs() + 1_234_567 - seen!).toBeLessThan(3_600_000);
});
