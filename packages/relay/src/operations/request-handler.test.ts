/** Invariants: one Response per Request with its id; what was refused changed nothing; one role's trouble stays its own. */
import { accountIdFromBytes, type DeviceAddress, OperationalError, type SqlDatabase } from "@hawser/base";
import { nodePrimitives, openSqliteDatabase } from "@hawser/io-node";
import { BlobPurpose, ERROR_CODES, errorName, type Push, type Request, RequestSchema, type Response, ResponseSchema } from "@hawser/wire";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BlobBooks } from "../blobs/blob-books.ts";
import { openTicket } from "../blobs/upload-ticket.ts";
import { openDirectoryRole } from "../directory/directory-role.ts";
import { PreKeyStore } from "../prekeys/prekey-store.ts";
import { openRateTables, type RequestLimits } from "../rate-limits/request-limits.ts";
import { RendezvousStore } from "../rendezvous/rendezvous-store.ts";
import { seededRandom, TestAccount, TestClock } from "../test-world.ts";
import type { Caller } from "./operations.ts";
import { RequestHandler } from "./request-handler.ts";

type Operation = NonNullable<MessageInitShape<typeof RequestSchema>["operation"]>;
const BIG = { burst: 1e9, refillMs: 1 };
const TICKET_KEY = new Uint8Array(32).fill(3);
const QUOTA = { attachment: 1_000_000, history: 1_000_000, archive: 1_000_000 };
const ID = new Uint8Array(16).fill(7);
const TOKEN = new Uint8Array(16).fill(1);

let databases: SqlDatabase[];
let handler: RequestHandler;
let clock: TestClock;
let faults: string[];
let down: Set<string>;
let ada: TestAccount;
let bob: TestAccount;

function world(limits: Partial<RequestLimits> = {}): void {
  databases = Array.from({ length: 4 }, () => openSqliteDatabase(":memory:"));
  clock = new TestClock();
  faults = [];
  down = new Set();
  const common = { primitives: nodePrimitives, random: seededRandom(11), clock };
  const directory = openDirectoryRole({ ...common, database: databases[0]!, mode: "open", codeSender: { send: () => Promise.resolve() } });
  const [preKeys, rendezvous, blobs] = [new PreKeyStore(databases[1]!), new RendezvousStore(databases[2]!), new BlobBooks(databases[3]!)];
  const up =
    <T>(name: string, value: T) =>
    () => {
      if (down.has(name)) throw new OperationalError("STORE_UNAVAILABLE", { retry: { afterMs: 1_500 } });
      return value;
    };
  handler = new RequestHandler({
    ...common,
    roles: {
      directory: up("directory", directory),
      preKeys: up("preKeys", preKeys),
      rendezvous: up("rendezvous", rendezvous),
      blobs: up("blobs", blobs),
    },
    limits: openRateTables(clock, limits),
    ticketKey: TICKET_KEY,
    blobQuotaBytes: QUOTA,
    ticketLifetimeMs: 60_000,
    onFault: (operation, error) => faults.push(`${operation}: ${String(error)}`),
  });
  [ada, bob] = [new TestAccount(seededRandom(1)), new TestAccount(seededRandom(2))];
}

interface TestCaller extends Caller {
  readonly pushed: Push[];
}

function caller(address?: DeviceAddress, remoteAddress = "192.0.2.1"): TestCaller {
  const pushed: Push[] = [];
  return { address, remoteAddress, pushed, push: (push) => void pushed.push(push), isConnected: () => false };
}

let nextId = 1;
/** The answer's kind, or the name of its failure; its id is checked. */
async function ask(from: Caller, operation: Operation): Promise<Response["result"]> {
  const request = create(RequestSchema, { id: nextId++, operation });
  const response = await handler.handle(from, request);
  expect(response.id).toBe(request.id);
  return fromBinary(ResponseSchema, toBinary(ResponseSchema, response)).result;
}

async function failure(from: Caller, operation: Operation): Promise<string | undefined> {
  const result = await ask(from, operation);
  return result.case === "failure" ? errorName(result.value.error) : undefined;
}

async function registerBoth(): Promise<void> {
  expect((await ask(caller(), { case: "register", value: { handle: "ada", list: ada.first } })).case).toBe("register");
  expect((await ask(caller(), { case: "register", value: { handle: "bob", list: bob.first } })).case).toBe("register");
}

beforeEach(() => world());
afterEach(() => {
  for (const database of databases) database.close();
  expect(faults.filter((fault) => !fault.includes("STORE_UNAVAILABLE"))).toEqual([]);
});

describe("each operation", () => {
  test("of the directory", async () => {
    await registerBoth();
    const device = caller(ada.address());
    expect(await ask(caller(), { case: "checkHandle", value: { handle: "ada" } })).toMatchObject({ value: { available: false } });
    expect(await ask(caller(), { case: "checkHandle", value: { handle: "eve" } })).toMatchObject({ value: { available: true } });
    const found = await ask(caller(), { case: "findHandle", value: { handle: "bob" } });
    expect(found.case).toBe("findHandle");
    const accountId = found.case === "findHandle" ? found.value.accountId : new Uint8Array(0);
    expect(await ask(device, { case: "getHandle", value: { accountId } })).toMatchObject({ value: { handle: "bob" } });
    expect(await failure(caller(), { case: "findHandle", value: { handle: "nobody" } })).toBe("HANDLE_UNKNOWN");

    const second = ada.add();
    expect(await ask(caller(), { case: "publishDeviceList", value: { list: second } })).toMatchObject({ value: { number: 2n } });
    const conflict = await ask(device, { case: "publishDeviceList", value: { list: ada.fork(1) } });
    expect(conflict).toMatchObject({
      case: "failure",
      value: { error: ERROR_CODES.LIST_CONFLICT.code, lists: [{ payload: second.payload }] },
    });
    expect(conflict.case === "failure" && conflict.value.accountId.length).toBe(20);

    expect(await ask(device, { case: "setBlocked", value: { accountId, blocked: true } })).toMatchObject({ case: "setBlocked" });
    expect(await failure(caller(), { case: "setBlocked", value: { accountId, blocked: true } })).toBe("NOT_AUTHENTICATED");
    const activity = await ask(device, { case: "getDeviceActivity", value: {} });
    expect(activity).toMatchObject({
      value: {
        devices: [
          { device: 1, connected: true },
          { device: 2, connected: false, lastSeenMs: 0n },
        ],
      },
    });
    expect(await failure(caller(), { case: "requestCode", value: { address: "a@example.org" } })).toBe("REGISTRATION_CLOSED");
    expect(await ask(caller(), { case: "ping", value: { payload: ID } })).toMatchObject({
      case: "ping",
      value: { payload: ID, serverTimeMs: BigInt(clock.now) },
    });
    expect(await failure(caller(), { case: undefined })).toBe("UNKNOWN_OPERATION");
  });

  test("of prekeys: claims are authenticated, limited per pair, and tell the owner when keys run out", async () => {
    await registerBoth();
    const [owner, claimer] = [caller(bob.address()), caller(ada.address())];
    expect(await ask(owner, { case: "uploadPreKeys", value: { upload: bob.upload(1, 1, 21, 6) } })).toMatchObject({
      value: { oneTimePreKeysLeft: 21, oneTimeKemPreKeysLeft: 6 },
    });
    const accountId = (await ask(caller(), { case: "findHandle", value: { handle: "bob" } })).value as { accountId: Uint8Array };
    const claim: Operation = { case: "claimPreKeys", value: { accountId: accountId.accountId, devices: [1, 9] } };
    expect(await failure(caller(), claim)).toBe("NOT_AUTHENTICATED");
    expect(await ask(claimer, claim)).toMatchObject({ value: { bundles: [{ device: 1, kemIsLastResort: false }], withoutKeys: [] } });
    expect(owner.pushed).toEqual([]);
    await ask(claimer, claim);
    expect(owner.pushed.at(-1)).toMatchObject({
      event: { case: "preKeysLow", value: { oneTimePreKeysLeft: 19, oneTimeKemPreKeysLeft: 4 } },
    });
    let refusals = 0;
    for (let i = 0; i < 40; i++) if ((await failure(claimer, claim)) === "RATE_LIMITED") refusals++;
    expect(refusals).toBe(22);
    handler.disconnected(owner);
    expect(handler.preKeysLeft(bob.address()).kem).toBe(0);
  });

  test("of the rendezvous: the other side is pushed what is there and what comes", async () => {
    const [companion, phone] = [caller(), caller(ada.address(), "192.0.2.2")];
    const put = (side: number, index: number, body: number): Operation => ({
      case: "rendezvousPut",
      value: { rendezvousId: ID, side, index, body: Uint8Array.of(body), writerToken: TOKEN },
    });
    expect(await ask(companion, { case: "rendezvousWatch", value: { rendezvousId: ID, side: 1, fromIndex: 0 } })).toMatchObject({
      value: { expiresInMs: 600_000 },
    });
    expect(await ask(phone, put(2, 0, 42))).toMatchObject({ case: "rendezvousPut" });
    expect(await ask(phone, put(2, 0, 42))).toMatchObject({ case: "rendezvousPut" });
    expect(companion.pushed).toMatchObject([{ event: { value: { side: 2, index: 0, body: Uint8Array.of(42) } } }]);
    await ask(companion, put(1, 0, 43));
    expect(companion.pushed.length).toBe(1);
    await ask(phone, { case: "rendezvousWatch", value: { rendezvousId: ID, side: 2, fromIndex: 0 } });
    expect(phone.pushed).toMatchObject([{ event: { value: { side: 1, index: 0, body: Uint8Array.of(43) } } }]);
    await ask(companion, { case: "rendezvousLeave", value: { rendezvousId: ID } });
    await ask(phone, put(2, 1, 44));
    expect(companion.pushed.length).toBe(1);
    expect(await failure(phone, put(2, 8, 1))).toBe("RENDEZVOUS_FULL");
    expect(await failure(phone, put(3, 0, 1))).toBe("MALFORMED_FIELD");
    clock.now += 600_000;
    expect(await failure(phone, put(2, 2, 1))).toBe("RENDEZVOUS_EXPIRED");
    expect(await failure(phone, { case: "rendezvousWatch", value: { rendezvousId: ID, side: 2, fromIndex: 0 } })).toBe(
      "RENDEZVOUS_EXPIRED",
    );
  });

  test("of recovery: only a phone stores, strangers wait", async () => {
    await registerBoth();
    await ask(caller(), { case: "publishDeviceList", value: { list: ada.add() } });
    const capsule = Uint8Array.of(1, 2, 3);
    expect(await failure(caller(ada.address(2)), { case: "putRecoveryCapsule", value: { capsule } })).toBe("NOT_AUTHENTICATED");
    expect(await failure(caller(ada.address()), { case: "putRecoveryCapsule", value: { capsule: new Uint8Array(4_097) } })).toBe(
      "LIMIT_EXCEEDED",
    );
    expect((await ask(caller(ada.address()), { case: "putRecoveryCapsule", value: { capsule } })).case).toBe("putRecoveryCapsule");
    const get: Operation = { case: "getRecoveryCapsule", value: { handle: "ada" } };
    expect(await ask(caller(), get)).toMatchObject({ value: { capsule } });
    expect(await failure(caller(), { case: "getRecoveryCapsule", value: { handle: "bob" } })).toBe("RECOVERY_UNKNOWN");
    await ask(caller(), get);
    await ask(caller(), get);
    const limited = await ask(caller(), get);
    expect(limited).toMatchObject({ value: { error: ERROR_CODES.RATE_LIMITED.code, retryAfterMs: 30_000 } });
  });

  test("of recovery by passkeys: only a phone stores, sees and removes; a capsule is asked for by its locator and by nothing else", async () => {
    await registerBoth();
    await ask(caller(), { case: "publishDeviceList", value: { list: ada.add() } });
    const [phone, companion] = [caller(ada.address()), caller(ada.address(2))];
    const [credentialHash, locator, capsule] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2), Uint8Array.of(1, 2, 3)];
    const put = (more = {}): Operation => ({ case: "putPasskeyCapsule", value: { credentialHash, locator, capsule, ...more } });
    const state: Operation = { case: "getRecoveryState", value: {} };
    const remove = (hash: Uint8Array): Operation => ({ case: "removeRecoveryCapsule", value: { credentialHash: hash } });
    for (const operation of [put(), state, remove(credentialHash), remove(new Uint8Array(0))])
      for (const from of [caller(), companion]) expect(await failure(from, operation)).toBe("NOT_AUTHENTICATED");
    for (const wrong of [{ capsule: new Uint8Array(0) }, { capsule: new Uint8Array(4_097) }])
      expect(await failure(phone, put(wrong))).toBe("LIMIT_EXCEEDED");
    for (const wrong of [{ credentialHash: ID }, { locator: ID }, { locator: new Uint8Array(0) }])
      expect(await failure(phone, put(wrong))).toBe("MALFORMED_FIELD");
    expect(await ask(phone, state)).toMatchObject({ value: { hasCode: false, codeSinceMs: 0n, passkeys: [] } });

    await ask(phone, { case: "putRecoveryCapsule", value: { capsule } });
    clock.now += 5;
    expect((await ask(phone, put())).case).toBe("putPasskeyCapsule");
    const codeSinceMs = BigInt(clock.now - 5);
    const passkeys = [{ credentialHash, sinceMs: BigInt(clock.now) }];
    expect(await ask(phone, state)).toMatchObject({ value: { hasCode: true, codeSinceMs, passkeys } });
    const get = (asked: Uint8Array): Operation => ({ case: "getPasskeyCapsule", value: { locator: asked } });
    const found = await ask(caller(), get(locator));
    expect(found).toMatchObject({ case: "getPasskeyCapsule", value: { capsule } });
    expect(accountIdFromBytes(found.case === "getPasskeyCapsule" ? found.value.accountId : ID)).toBe(ada.id);
    expect(await failure(caller(), get(credentialHash))).toBe("RECOVERY_UNKNOWN");
    expect(await failure(caller(), get(ID))).toBe("MALFORMED_FIELD");
    expect(await failure(caller(bob.address()), put())).toBe("MALFORMED_FIELD");

    expect(await failure(phone, remove(ID))).toBe("MALFORMED_FIELD");
    await ask(phone, remove(new Uint8Array(0)));
    expect(await failure(caller(), { case: "getRecoveryCapsule", value: { handle: "ada" } })).toBe("RECOVERY_UNKNOWN");
    expect(await ask(phone, state)).toMatchObject({ value: { hasCode: false, passkeys } });
    await ask(phone, remove(credentialHash));
    expect((await ask(phone, remove(credentialHash))).case).toBe("removeRecoveryCapsule");
    expect(await failure(caller(undefined, "192.0.2.9"), get(locator))).toBe("RECOVERY_UNKNOWN");
  });

  test("of recovery by passkeys is limited like that by codes: per address and per account", async () => {
    world({ recoveryGet: { burst: 2, refillMs: 60_000 }, accountChange: { burst: 1, refillMs: 9_000 } });
    await registerBoth();
    const get: Operation = { case: "getPasskeyCapsule", value: { locator: new Uint8Array(32) } };
    const get2: Operation = { case: "getRecoveryCapsule", value: { handle: "ada" } };
    for (const operation of [get, get2]) expect(await failure(caller(), operation)).toBe("RECOVERY_UNKNOWN");
    for (const operation of [get, get2]) expect(await failure(caller(), operation)).toBe("RATE_LIMITED");
    expect(await failure(caller(undefined, "192.0.2.2"), get)).toBe("RECOVERY_UNKNOWN");
    const state: Operation = { case: "getRecoveryState", value: {} };
    expect((await ask(caller(ada.address()), state)).case).toBe("getRecoveryState");
    expect(await failure(caller(ada.address()), state)).toBe("RATE_LIMITED");
  });

  test("of blobs: a ticket says who, what for, how much", async () => {
    await registerBoth();
    const grant = (sizeBytes: bigint, purpose = BlobPurpose.HISTORY): Operation => ({ case: "grantUpload", value: { purpose, sizeBytes } });
    const granted = await ask(caller(ada.address()), grant(1_000n));
    expect(granted).toMatchObject({ value: { sizeBytesLeft: 999_000n, expiresInMs: 60_000 } });
    const text = granted.case === "grantUpload" ? granted.value.ticket : "";
    expect(openTicket(nodePrimitives, TICKET_KEY, text)).toMatchObject({
      account: ada.id,
      purpose: "history",
      sizeBytes: 1_000,
      expiresAtMs: clock.now + 60_000,
    });
    expect(openTicket(nodePrimitives, new Uint8Array(32), text)).toBeUndefined();
    expect(openTicket(nodePrimitives, TICKET_KEY, `B${text.slice(1)}`)).toBeUndefined();
    expect(await failure(caller(ada.address()), grant(1_000_001n))).toBe("QUOTA_EXCEEDED");
    expect(await failure(caller(ada.address()), grant(2n ** 63n))).toBe("LIMIT_EXCEEDED");
    expect(await failure(caller(ada.address()), grant(5n, BlobPurpose.UNSPECIFIED))).toBe("MALFORMED_FIELD");
    expect(await failure(caller(), grant(5n))).toBe("NOT_AUTHENTICATED");
  });
});

test("a role that is down fails its own requests, with a time to wait, and no others", async () => {
  await registerBoth();
  down.add("directory").add("preKeys").add("blobs");
  const put: Operation = { case: "rendezvousPut", value: { rendezvousId: ID, side: 2, index: 0, body: ID, writerToken: TOKEN } };
  expect((await ask(caller(ada.address()), put)).case).toBe("rendezvousPut");
  expect(await ask(caller(), { case: "findHandle", value: { handle: "ada" } })).toMatchObject({
    value: { error: ERROR_CODES.STORE_UNAVAILABLE.code, retryAfterMs: 1_500 },
  });
  expect(handler.preKeysLeft(ada.address())).toEqual({ oneTime: 0, kem: 0 });
  down.clear();
  down.add("rendezvous");
  expect(await failure(caller(), put)).toBe("STORE_UNAVAILABLE");
  expect((await ask(caller(), { case: "findHandle", value: { handle: "ada" } })).case).toBe("findHandle");
});

test("strangers meet limits with a time to wait; waiting as told is enough; the limit is theirs alone", async () => {
  await registerBoth();
  const find: Operation = { case: "findHandle", value: { handle: "ada" } };
  let waitMs = 0;
  for (let i = 0; i < 200 && waitMs === 0; i++) {
    const result = await ask(caller(), find);
    if (result.case === "failure") waitMs = result.value.retryAfterMs;
  }
  expect(waitMs).toBeGreaterThan(0);
  expect((await ask(caller(undefined, "192.0.2.77"), find)).case).toBe("findHandle");
  clock.now += waitMs;
  expect((await ask(caller(), find)).case).toBe("findHandle");
});

test("10,000 mutated requests: a typed answer each, and what is refused changes no row", async () => {
  const open = Object.fromEntries(Object.keys(openRateTables(clock)).map((name) => [name, BIG])) as unknown as RequestLimits;
  for (const database of databases) database.close();
  world(open);
  await registerBoth();
  const [device, stranger] = [caller(ada.address()), caller()];
  const found = await ask(stranger, { case: "findHandle", value: { handle: "bob" } });
  const accountId = found.case === "findHandle" ? found.value.accountId : ID;
  const operations: Operation[] = [
    { case: "checkHandle", value: { handle: "ada" } },
    { case: "requestCode", value: { address: "a@example.org" } },
    {
      case: "register",
      value: { handle: "carol", list: new TestAccount(seededRandom(3)).first, invitation: "abc", code: "1", codeAddress: "x" },
    },
    { case: "findHandle", value: { handle: "bob" } },
    { case: "getHandle", value: { accountId } },
    { case: "publishDeviceList", value: { list: ada.add() } },
    { case: "getDeviceLists", value: { accountId, afterNumber: 0n } },
    { case: "uploadPreKeys", value: { upload: ada.upload(1, 1, 2, 1) } },
    { case: "claimPreKeys", value: { accountId, devices: [1, 2] } },
    { case: "rendezvousPut", value: { rendezvousId: ID, side: 1, index: 0, body: ID, writerToken: TOKEN } },
    { case: "rendezvousWatch", value: { rendezvousId: ID, side: 1, fromIndex: 0 } },
    { case: "rendezvousLeave", value: { rendezvousId: ID } },
    { case: "grantUpload", value: { purpose: BlobPurpose.HISTORY, sizeBytes: 10n } },
    { case: "putRecoveryCapsule", value: { capsule: ID } },
    { case: "getRecoveryCapsule", value: { handle: "ada" } },
    { case: "putPasskeyCapsule", value: { credentialHash: new Uint8Array(32), locator: new Uint8Array(32), capsule: ID } },
    { case: "getPasskeyCapsule", value: { locator: new Uint8Array(32) } },
    { case: "getRecoveryState", value: {} },
    { case: "removeRecoveryCapsule", value: { credentialHash: new Uint8Array(32) } },
    { case: "setBlocked", value: { accountId, blocked: true } },
    { case: "setDormancy", value: { afterDays: 30 } },
    { case: "getDeviceActivity", value: {} },
    { case: "ping", value: { payload: ID } },
  ];
  const frames = operations.map((operation, id) => toBinary(RequestSchema, create(RequestSchema, { id, operation })));
  const random = seededRandom(99);
  const below = (limit: number): number => new DataView(random.bytes(4).buffer).getUint32(0) % limit;
  const changes = (): number =>
    databases.reduce((sum, database) => sum + database.prepare("SELECT total_changes() AS n").get<{ n: number }>()!.n, 0);
  const seen = { undecodable: 0, refused: 0, answered: 0 };
  for (let round = 0; round < 10_000; round++) {
    const bytes = mutate(frames[below(frames.length)]!, below);
    let request: Request;
    try {
      request = fromBinary(RequestSchema, bytes);
    } catch {
      // The frame codec turns this into MALFORMED_FRAME before operations see it.
      seen.undecodable++;
      continue;
    }
    const before = changes();
    const response = await handler.handle(round % 2 === 0 ? device : stranger, request);
    expect(response.id).toBe(request.id);
    if (response.result.case === "failure") {
      seen.refused++;
      expect(errorName(response.result.value.error)).toBeDefined();
      expect([ERROR_CODES.INTERNAL.code, ERROR_CODES.STORE_UNAVAILABLE.code]).not.toContain(response.result.value.error);
      if (request.operation.case !== "getRecoveryCapsule") expect(changes()).toBe(before);
    } else {
      seen.answered++;
      expect(response.result.case).toBe(request.operation.case);
    }
  }
  // The mutations reach every stage; and nobody became Carol with a list she did not sign.
  expect(Math.min(seen.undecodable, seen.refused, seen.answered)).toBeGreaterThan(500);
  const carol = await ask(stranger, { case: "findHandle", value: { handle: "carol" } });
  if (carol.case === "findHandle") expect(accountIdFromBytes(carol.value.accountId)).toBe(new TestAccount(seededRandom(3)).id);
  expect(faults).toEqual([]);
});

/** Flips, overwrites, cuts, doubles or removes a few bytes. */
function mutate(frame: Uint8Array, below: (limit: number) => number): Uint8Array {
  let bytes = frame.slice();
  for (let edits = 1 + below(3); edits > 0; edits--) {
    const at = below(bytes.length + 1);
    const kind = below(5);
    if (kind === 0 && at < bytes.length) bytes[at]! ^= 1 << below(8);
    else if (kind === 1 && at < bytes.length) bytes[at] = below(256);
    else if (kind === 2) bytes = bytes.slice(0, at);
    else if (kind === 3) bytes = Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(Math.max(0, at - below(8)))]);
    else bytes = Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + below(4))]);
  }
  return bytes;
}
