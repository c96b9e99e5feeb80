/** Invariants: a refused link touches no store; whoever waits and whoever watches is told; what has begun is never refused. */
import type { Clock, SqlDatabase } from "@hawser/base";
import { OperationalError } from "@hawser/base";
import { nodePrimitives, openSqliteDatabase } from "@hawser/io-node";
import { errorName, type Push, RequestSchema, type Response } from "@hawser/wire";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LinkCapacity } from "../admission/link-admission.ts";
import { openRateTables } from "../rate-limits/request-limits.ts";
import { RendezvousStore } from "../rendezvous/rendezvous-store.ts";
import { seededRandom } from "../test-world.ts";
import type { Caller } from "./operations.ts";
import { RequestHandler } from "./request-handler.ts";

type Operation = NonNullable<MessageInitShape<typeof RequestSchema>["operation"]>;

class SteppedClock implements Clock {
  now = 1_000_000;
  #due: { readonly atMs: number; readonly run: () => void }[] = [];

  nowMs = (): number => this.now;
  monotonicMs = (): number => this.now;
  after(delayMs: number, run: () => void): () => void {
    const entry = { atMs: this.now + delayMs, run };
    this.#due.push(entry);
    return () => void (this.#due = this.#due.filter((other) => other !== entry));
  }

  get waits(): number {
    return this.#due.length;
  }

  pass(ms: number): void {
    const untilMs = this.now + ms;
    for (;;) {
      const next = this.#due.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#due = this.#due.filter((entry) => entry !== next);
      this.now = next.atMs;
      next.run();
    }
    this.now = untilMs;
  }
}

let clock: SteppedClock;
let database: SqlDatabase;
let handler: RequestHandler;
let storeCalls: number;
let down: boolean;

const FULL = { burst: 1e9, refillMs: 1 };
function open(linkCapacity: Partial<LinkCapacity>): void {
  const closed = (): never => {
    throw new OperationalError("STORE_UNAVAILABLE");
  };
  const store = new RendezvousStore(database);
  const put = store.put.bind(store);
  store.put = (...slot) => {
    storeCalls++;
    return put(...slot);
  };
  handler = new RequestHandler({
    roles: { directory: closed, preKeys: closed, blobs: closed, rendezvous: () => (down ? closed() : store) },
    limits: openRateTables(clock, { rendezvousPut: FULL, rendezvousWatch: FULL }),
    linkCapacity,
    clock,
    random: seededRandom(4),
    primitives: nodePrimitives,
    ticketKey: new Uint8Array(32),
    blobQuotaBytes: { attachment: 0, history: 0, archive: 0 },
    ticketLifetimeMs: 1,
    onFault: () => undefined,
  });
}

beforeEach(() => {
  clock = new SteppedClock();
  database = openSqliteDatabase(":memory:");
  storeCalls = 0;
  down = false;
  open({ perSecond: 1, waiting: 3 });
});
afterEach(() => database.close());

interface TestCaller extends Caller {
  readonly places: { readonly id: number; readonly place: number; readonly estimateMs: number }[];
}

function caller(remoteAddress: string): TestCaller {
  const places: TestCaller["places"] = [];
  const push = ({ event }: Push): void => {
    if (event.case === "admissionPlace")
      places.push({ id: event.value.rendezvousId[0]!, place: event.value.place, estimateMs: event.value.estimateMs });
  };
  return { address: undefined, remoteAddress, places, push, isConnected: () => false };
}

const rendezvous = (id: number): Uint8Array => new Uint8Array(16).fill(id);
const ask = (from: Caller, operation: Operation): Response["result"] =>
  (handler.handle(from, create(RequestSchema, { id: 1, operation })) as Response).result;
function put(from: Caller, id: number, index = 0, side = 2): string {
  const value = { rendezvousId: rendezvous(id), side, index, body: new Uint8Array([1]), writerToken: new Uint8Array(16).fill(side) };
  const result = ask(from, { case: "rendezvousPut", value });
  if (result.case !== "failure") return String(result.case);
  expect(result.value.retryAfterMs).toBeGreaterThan(0);
  return errorName(result.value.error) ?? "";
}
const watch = (from: Caller, id: number) =>
  ask(from, { case: "rendezvousWatch", value: { rendezvousId: rendezvous(id), side: 1, fromIndex: 0 } });

test("above the capacity a link waits; both sides see the place; with its turn it goes on", () => {
  const [ada, bob, screen] = [caller("a"), caller("b"), caller("c")];
  expect(watch(screen, 2)).toMatchObject({ case: "rendezvousWatch", value: { expiresInMs: 600_000 } });
  expect(put(ada, 1)).toBe("rendezvousPut");
  expect(put(bob, 2)).toBe("ADMISSION_QUEUED");
  expect(storeCalls).toBe(1);
  expect(bob.places).toEqual([{ id: 2, place: 1, estimateMs: 1_000 }]);
  expect(screen.places).toEqual(bob.places);
  expect(watch(screen, 2)).toMatchObject({ value: { admission: { place: 1, estimateMs: 1_000 } } });
  clock.pass(1_000);
  expect(bob.places.at(-1)).toEqual({ id: 2, place: 0, estimateMs: 0 });
  expect(screen.places.at(-1)).toEqual({ id: 2, place: 0, estimateMs: 0 });
  expect(put(bob, 2)).toBe("rendezvousPut");
  expect(handler.linkLoad).toEqual({ waiting: 0, underWay: 2 });
});

test("what has begun is never refused, whatever the line, and after a restart of the server too", () => {
  const ada = caller("a");
  expect(put(ada, 1)).toBe("rendezvousPut");
  for (const id of [2, 3, 4]) expect(put(caller(`p${id}`), id)).toBe("ADMISSION_QUEUED");
  expect(put(caller("late"), 5)).toBe("ADMISSION_FULL");
  expect(put(caller("screen"), 1, 0, 1)).toBe("rendezvousPut");
  expect(put(ada, 1, 1)).toBe("rendezvousPut");
  open({ perSecond: 1, waiting: 1 });
  expect(put(caller("x"), 8)).toBe("rendezvousPut");
  expect(put(caller("y"), 9)).toBe("ADMISSION_QUEUED");
  expect(put(caller("z"), 10)).toBe("ADMISSION_FULL");
  expect(put(ada, 1, 2)).toBe("rendezvousPut");
  expect(put(caller("screen"), 1, 1, 1)).toBe("rendezvousPut");
});

test("refusing touches no store, and ten times the capacity leaves at least nine tenths of it to links", () => {
  open({ perSecond: 10, waiting: 40, waitingPerParty: 8 });
  const asking = new Map<number, TestCaller>();
  let done = 0;
  let id = 0;
  const seconds = 25;
  for (let tenth = 0; tenth < seconds * 10; tenth++) {
    for (let i = 0; i < 10; i++) {
      const from = caller(`p${id}`);
      const answer = putNumbered(from, id);
      if (answer === "rendezvousPut") done++;
      else if (answer === "ADMISSION_QUEUED") asking.set(id, from);
      id++;
    }
    clock.pass(100);
    for (const [number, from] of asking) {
      if (from.places.at(-1)?.place !== 0) continue;
      expect(putNumbered(from, number)).toBe("rendezvousPut");
      asking.delete(number);
      done++;
    }
  }
  expect(done).toBeGreaterThanOrEqual(0.9 * 10 * seconds);
  expect(done).toBeLessThanOrEqual(10 * seconds + 2);
  expect(storeCalls).toBe(done);
});
const putNumbered = (from: Caller, number: number): string => {
  const rendezvousId = new Uint8Array(16);
  new DataView(rendezvousId.buffer).setUint32(0, number + 1);
  const value = { rendezvousId, side: 2, index: 0, body: new Uint8Array([1]), writerToken: new Uint8Array(16) };
  const result = ask(from, { case: "rendezvousPut", value });
  return result.case === "failure" ? (errorName(result.value.error) ?? "") : String(result.case);
};

test("nothing is done for a client that has gone; one that comes back in time keeps its place", () => {
  const [bob, eve] = [caller("b"), caller("e")];
  put(caller("a"), 1);
  expect(put(bob, 2)).toBe("ADMISSION_QUEUED");
  expect(put(eve, 3)).toBe("ADMISSION_QUEUED");
  handler.disconnected(bob);
  clock.pass(1_100);
  expect(eve.places.at(-1)?.place).toBe(0);
  const again = caller("b");
  expect(put(again, 2)).toBe("ADMISSION_QUEUED");
  clock.pass(1_000);
  expect(again.places.at(-1)?.place).toBe(0);
  expect(bob.places).toHaveLength(1);
});

test("whoever leaves gives the place up; nobody else can give it up for them", () => {
  const [bob, eve] = [caller("b"), caller("e")];
  put(caller("a"), 1);
  put(bob, 2);
  const leave = (from: Caller): void => void ask(from, { case: "rendezvousLeave", value: { rendezvousId: rendezvous(2) } });
  watch(eve, 2);
  leave(eve);
  expect(handler.linkLoad.waiting).toBe(1);
  leave(bob);
  expect(handler.linkLoad.waiting).toBe(0);
  clock.pass(60_000);
  expect(clock.waits, "no timer runs for an empty line").toBe(0);
});

test("while the store is down nobody is admitted in vain", () => {
  down = true;
  expect(put(caller("a"), 1)).toBe("STORE_UNAVAILABLE");
  down = false;
  expect(handler.linkLoad).toEqual({ waiting: 0, underWay: 0 });
});
