/**
 * Strangers who flood. Invariants: every operation there is has a limit and says how long to wait; one party's flood takes
 * nothing from another; what floods can make this server remember is bounded.
 */
import { type DeviceAddress, type DeviceNumber, must, type SqlDatabase } from "@hawser/base";
import { nodePrimitives, openSqliteDatabase } from "@hawser/io-node";
import { errorName, MAX_ONE_TIME_PRE_KEYS, RECOVERY_LISTS, RequestSchema, type Response, type SignedDeviceList } from "@hawser/wire";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BlobBooks } from "../blobs/blob-books.ts";
import { type DirectoryRole, openDirectoryRole } from "../directory/directory-role.ts";
import { SqlDirectory } from "../directory/sql-directory.ts";
import { PreKeyStore } from "../prekeys/prekey-store.ts";
import { DEFAULT_REQUEST_LIMITS, openRateTables, type RequestLimits } from "../rate-limits/request-limits.ts";
import { RendezvousStore } from "../rendezvous/rendezvous-store.ts";
import { entryOf, seededRandom, TestAccount, TestClock } from "../test-world.ts";
import type { Caller } from "./operations.ts";
import { RequestHandler } from "./request-handler.ts";

type Operation = NonNullable<MessageInitShape<typeof RequestSchema>["operation"]>;

let databases: SqlDatabase[];
let clock: TestClock;
let role: DirectoryRole;
let preKeys: PreKeyStore;
let handler: RequestHandler;
const [ada, bob, eve] = [1, 2, 3].map((seed) => new TestAccount(seededRandom(seed))) as [TestAccount, TestAccount, TestAccount];

function open(limits: Partial<RequestLimits> = {}): void {
  databases = Array.from({ length: 4 }, () => openSqliteDatabase(":memory:"));
  clock = new TestClock();
  const common = { clock, random: seededRandom(8), primitives: nodePrimitives };
  role = openDirectoryRole({ ...common, database: databases[0]!, mode: "open", codeSender: { send: () => Promise.resolve() } });
  preKeys = new PreKeyStore(databases[1]!);
  const [rendezvous, blobs] = [new RendezvousStore(databases[2]!), new BlobBooks(databases[3]!)];
  handler = new RequestHandler({
    ...common,
    roles: { directory: () => role, preKeys: () => preKeys, rendezvous: () => rendezvous, blobs: () => blobs },
    limits: openRateTables(clock, limits),
    ticketKey: new Uint8Array(32),
    blobQuotaBytes: { attachment: 1_000, history: 1_000, archive: 1_000 },
    ticketLifetimeMs: 60_000,
    onFault: (operation, error) => expect.unreachable(`${operation}: ${String(error)}`),
  });
  for (const [handle, account] of [
    ["ada", ada],
    ["bob", bob],
    ["eve", eve],
  ] as const)
    // prettier-ignore
    must(role.registration.register({ handle, list: account.first, invitation: "", codeAddress: "", code: "" } as never));
}
beforeEach(() => open());
afterEach(() => databases.forEach((database) => database.close()));

const caller = (address?: DeviceAddress, remoteAddress = "192.0.2.1"): Caller => ({
  address,
  remoteAddress,
  push: () => undefined,
  isConnected: () => false,
});
async function ask(from: Caller, operation: Operation): Promise<Response["result"]> {
  return (await handler.handle(from, create(RequestSchema, { id: 1, operation }))).result;
}
/** The refusal's name and wait, or nothing. */
async function refusal(from: Caller, operation: Operation): Promise<readonly [string, number] | undefined> {
  const result = await ask(from, operation);
  return result.case === "failure" ? [errorName(result.value.error) ?? "", result.value.retryAfterMs] : undefined;
}

test.each(RequestSchema.oneofs[0]!.fields.map((field) => field.localName))("%s has a limit, and says how long to wait", async (name) => {
  open({ request: { burst: 5, refillMs: 1_000 } });
  const operation = { case: name, value: {} } as Operation;
  for (const from of [caller(), caller(ada.address())]) {
    let limited: readonly [string, number] | undefined;
    for (let i = 0; i < 6; i++) limited = await refusal(from, operation);
    expect(limited?.[0]).toBe("RATE_LIMITED");
    expect(limited?.[1]).toBeGreaterThan(0);
    clock.now += limited![1];
    expect((await refusal(from, operation))?.[0]).not.toBe("RATE_LIMITED");
  }
});

test("a stranger who claims prekeys over and over takes a bounded number of Bob's, and Ada still gets one", async () => {
  preKeys.upload(bob.address(), bob.upload(1, 1, MAX_ONE_TIME_PRE_KEYS, 20));
  const claim = { case: "claimPreKeys", value: { accountId: idOf(bob), devices: [1] } } satisfies Operation;
  let taken = 0;
  let refused = 0;
  for (let i = 0; i < 5_000; i++) {
    const answer = await refusal(caller(eve.address(), `198.51.100.${i % 250}`), claim);
    if (answer === undefined) taken++;
    else {
      expect(answer[0]).toBe("RATE_LIMITED");
      expect(answer[1]).toBeGreaterThan(0);
      refused++;
    }
    clock.now += 10;
  }
  expect(taken).toBeLessThanOrEqual(DEFAULT_REQUEST_LIMITS.claimPerPair.burst + 1);
  expect(refused).toBe(5_000 - taken);
  expect(preKeys.left(bob.address()).oneTime).toBeGreaterThan(70);
  const result = await ask(caller(ada.address()), claim);
  expect(result.case === "claimPreKeys" && result.value.bundles).toHaveLength(1);
});

test("a stranger who opens rendezvous over and over meets a limit; another address still links", async () => {
  const put = (id: number): Operation => {
    const rendezvousId = new Uint8Array(16);
    new DataView(rendezvousId.buffer).setUint32(0, id);
    return {
      case: "rendezvousPut",
      value: { rendezvousId, side: 1, index: 0, body: new Uint8Array(100), writerToken: new Uint8Array(16) },
    };
  };
  const refusals = new Map<string, number>();
  for (let i = 0; i < 10_000; i++) {
    const answer = await refusal(caller(undefined, "203.0.113.9"), put(i));
    const name = answer?.[0] ?? "stored";
    if (answer !== undefined) expect(answer[1]).toBeGreaterThan(0);
    refusals.set(name, (refusals.get(name) ?? 0) + 1);
  }
  expect(refusals.get("stored") ?? 0).toBeLessThanOrEqual(DEFAULT_REQUEST_LIMITS.rendezvousPut.burst);
  expect(refusals.get("RATE_LIMITED")).toBeGreaterThan(9_000);
  expect(databases[2]!.prepare("SELECT count(*) AS n FROM slots").get<{ n: number }>()!.n).toBe(refusals.get("stored"));
  // The flood stands in the line with a few tickets: who comes after it waits for one round of it, no longer.
  clock.now += 1_000;
  expect(["ADMISSION_QUEUED", undefined]).toContain((await refusal(caller(undefined, "203.0.113.10"), put(1_000_000)))?.[0]);
});

test("a chain of lists ends: no phone fills the store, and its devices can still be removed", () => {
  const database = openSqliteDatabase(":memory:");
  databases.push(database);
  const directory = new SqlDirectory({ database, primitives: nodePrimitives, maxChainLists: 6 });
  const account = new TestAccount(seededRandom(31));
  for (let i = 0; i < 3; i++) account.add();
  database.transaction(() => directory.insertFirst(account.chain[0]!, "zoe", 0));
  const lists = account.chain.slice(1).map(entryOf);
  expect(directory.apply(lists).ok).toBe(true);
  expect(directory.apply([account.revoke(4)]).ok).toBe(true);
  expect(directory.apply([account.add()]).ok).toBe(true);
  // Six stand there. One more device is refused, and the chain stays as it is.
  const [before, latest] = [account.chain.length, directory.find(account.id)!.listNumber];
  expect([before, latest]).toEqual([6, 6]);
  expect(directory.apply([account.add()])).toMatchObject({ ok: false, error: { code: "LIST_CHAIN_FULL" } });
  expect(directory.find(account.id)!.listNumber).toBe(6);
  account.chain.pop();
  expect(directory.apply([account.revoke(2)]).ok).toBe(true);
  expect(directory.apply([account.revoke(3)]).ok).toBe(true);
  expect([...directory.find(account.id)!.devices.keys()]).toEqual([1 as DeviceNumber, 5 as DeviceNumber]);
});

test("an account whose chain is full is restored so many times and no more, nothing else goes on with it, and removals always do", () => {
  const database = openSqliteDatabase(":memory:");
  databases.push(database);
  const maxChainLists = 4;
  const directory = new SqlDirectory({ database, primitives: nodePrimitives, maxChainLists });
  const account = new TestAccount(seededRandom(32));
  for (let i = 0; i < 3; i++) account.add();
  database.transaction(() => directory.insertFirst(account.chain[0]!, "zoe", 0));
  const refused = (list: SignedDeviceList): void => {
    expect(directory.apply([list])).toMatchObject({ ok: false, error: { code: "LIST_CHAIN_FULL" } });
    account.chain.pop();
  };
  // What was signed before the chain was full, and a removal, come together.
  account.revoke(3);
  expect(directory.apply(account.chain.slice(1).map(entryOf))).toMatchObject({ ok: true, value: { listNumber: 5 } });
  refused(account.add("phone"));
  refused(account.add("companion", [2]));
  let phone = 1;
  while (account.chain.length < maxChainLists + RECOVERY_LISTS) {
    const next = account.latest.list.nextDeviceNumber;
    expect(directory.apply([account.add("phone", [phone])]).ok).toBe(true);
    phone = next;
  }
  refused(account.add("phone", [phone]));
  for (const device of [2, 4]) expect(directory.apply([account.revoke(device)]).ok).toBe(true);
  expect([...directory.find(account.id)!.devices.keys()]).toEqual([phone]);
});

const idOf = (account: TestAccount): Uint8Array => role.directory.accountOf(account === bob ? "bob" : "ada")!;
