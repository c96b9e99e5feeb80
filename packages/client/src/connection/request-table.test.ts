/** Invariant: each request settles exactly once, by its answer, its deadline, or the end of the connection. */
import { create } from "@bufbuild/protobuf";
import { type ClientFrame, ERROR_CODES, MAX_REQUESTS_UNDER_WAY, ResponseSchema } from "@hawser/wire";
import { expect, test } from "vitest";
import { REQUEST_TIMEOUT_MS } from "../bounds.ts";
import { testClock } from "../test-clock.ts";
import { createRequestTable } from "./request-table.ts";
import { createRetryPurse } from "./retry-purse.ts";
import { MAX_HONOURED_WAIT_MS } from "./retry-gate.ts";

function setUp() {
  const clock = testClock();
  const sent: ClientFrame[] = [];
  let connected = true;
  const table = createRequestTable(clock, (frame) => connected && sent.push(frame) > 0, createRetryPurse(clock));
  const lastId = (): number => {
    const frame = sent.at(-1)!;
    return frame.type === "request" ? frame.message.id : 0;
  };
  const { pass, timers } = clock;
  return { table, sent, lastId, pass, timers, disconnect: () => (connected = false) };
}

test("an answer goes to the request with its number, and leaves no deadline behind", async () => {
  const { table, lastId, timers } = setUp();
  const first = table.start("checkHandle", { handle: "a" });
  const firstId = lastId();
  const second = table.start("checkHandle", { handle: "b" });
  table.settle(create(ResponseSchema, { id: lastId(), result: { case: "checkHandle", value: { available: false } } }));
  table.settle(create(ResponseSchema, { id: firstId, result: { case: "checkHandle", value: { available: true } } }));
  expect([(await first).available, (await second).available]).toEqual([true, false]);
  expect(timers.size).toBe(0);
});

test("failures carry code, retry and lists; an answer of another kind is no answer", async () => {
  const { pass, table, lastId } = setUp();
  const limited = table.start("checkHandle", { handle: "a" });
  const failure = {
    error: ERROR_CODES.RATE_LIMITED.code,
    retryAfterMs: 700,
    lists: [{ payload: new Uint8Array(1), signature: new Uint8Array(1) }],
  };
  table.settle(create(ResponseSchema, { id: lastId(), result: { case: "failure", value: failure } }));
  await expect(limited).rejects.toMatchObject({ code: "RATE_LIMITED", retry: { afterMs: 700 }, lists: [{}] });
  pass(700);
  const taken = table.start("checkHandle", { handle: "a" });
  table.settle(create(ResponseSchema, { id: lastId(), result: { case: "failure", value: { error: ERROR_CODES.HANDLE_TAKEN.code } } }));
  await expect(taken).rejects.toMatchObject({ code: "HANDLE_TAKEN", retry: "never" });
  const crossed = table.start("checkHandle", { handle: "a" });
  table.settle(create(ResponseSchema, { id: lastId(), result: { case: "findHandle", value: {} } }));
  await expect(crossed).rejects.toMatchObject({ code: "UNEXPECTED_FRAME" });
});

test("silence ends at the deadline, a lost connection at once, and no connection before that", async () => {
  const { table, pass, disconnect } = setUp();
  const silent = table.start("ping", {});
  pass(REQUEST_TIMEOUT_MS);
  await expect(silent).rejects.toMatchObject({ code: "TIMEOUT" });
  const cut = table.start("ping", {});
  table.failAll();
  await expect(cut).rejects.toMatchObject({ code: "OFFLINE", retry: "now" });
  disconnect();
  await expect(table.start("ping", {})).rejects.toMatchObject({ code: "OFFLINE" });
});

test("more requests than the bound are refused, not queued", async () => {
  const { table } = setUp();
  const open = Array.from({ length: MAX_REQUESTS_UNDER_WAY }, () => table.start("ping", {}).catch(() => "failed"));
  await expect(table.start("ping", {})).rejects.toMatchObject({ code: "OVERLOADED" });
  table.failAll();
  expect(new Set(await Promise.all(open))).toEqual(new Set(["failed"]));
});

const limited = (id: number, error: "RATE_LIMITED" | "ADMISSION_FULL", retryAfterMs: number) =>
  create(ResponseSchema, { id, result: { case: "failure", value: { error: ERROR_CODES[error].code, retryAfterMs } } });

test("20 presses of a button whose request was limited ask the server once, each told how long it still takes; afterwards once more", async () => {
  const { table, sent, lastId, pass } = setUp();
  const press = async (): Promise<unknown> => {
    const before = sent.length;
    const answer = table.start("findHandle", { handle: "ada" });
    if (sent.length > before) table.settle(limited(lastId(), "RATE_LIMITED", 60_000));
    return answer.catch((error: unknown) => error);
  };
  for (let i = 0; i < 20; i++) {
    expect(await press()).toMatchObject({ code: "RATE_LIMITED", retry: { afterMs: 60_000 - i * 1_000 } });
    pass(1_000);
  }
  expect(sent).toHaveLength(1);
  pass(40_000);
  for (let i = 0; i < 20; i++) await press();
  expect(sent).toHaveLength(2);
});

test("a full line holds back new links, not one that was let in, nor anything that messages need", async () => {
  const { table, sent, lastId } = setUp();
  const offer = (index: number) =>
    table.start("rendezvousPut", {
      rendezvousId: new Uint8Array(16),
      side: 2,
      index,
      body: new Uint8Array(1),
      writerToken: new Uint8Array(16),
    });
  const first = offer(0);
  table.settle(limited(lastId(), "ADMISSION_FULL", 30_000));
  await expect(first).rejects.toMatchObject({ code: "ADMISSION_FULL" });
  await expect(offer(0)).rejects.toMatchObject({ code: "ADMISSION_FULL", retry: { afterMs: 30_000 } });
  expect(sent).toHaveLength(1);
  void offer(1).catch(() => undefined);
  const claim = (): void => void table.start("claimPreKeys", { accountId: new Uint8Array(20), devices: [1] }).catch(() => undefined);
  claim();
  table.settle(limited(lastId(), "RATE_LIMITED", 30_000));
  claim();
  expect(sent).toHaveLength(4);
});

test("no server can hold a button back for longer than the bound", async () => {
  const { table, sent, lastId, pass } = setUp();
  void table.start("checkHandle", { handle: "ada" }).catch(() => undefined);
  table.settle(limited(lastId(), "RATE_LIMITED", 0xffff_ffff));
  pass(MAX_HONOURED_WAIT_MS);
  void table.start("checkHandle", { handle: "ada" }).catch(() => undefined);
  expect(sent).toHaveLength(2);
});

test("a storm: what the server cannot do is asked again a bounded number of times, however many ask, and at once when it can", async () => {
  const { table, sent, lastId, pass } = setUp();
  const answer = (works: boolean): void => {
    const failure = { error: ERROR_CODES.STORE_UNAVAILABLE.code };
    const result = works ? ({ case: "getDeviceLists", value: {} } as const) : ({ case: "failure", value: failure } as const);
    table.settle(create(ResponseSchema, { id: lastId(), result }));
  };
  const ask = async (works: boolean): Promise<string> => {
    const before = sent.length;
    const asked = table.start("getDeviceLists", {}).then(
      () => "answered",
      ({ code, retry }: { code: string; retry: { afterMs?: number } }) =>
        code === "OVERLOADED" ? `wait ${retry.afterMs! <= 3_000}` : code,
    );
    if (sent.length > before) answer(works);
    return asked;
  };
  const said = new Map<string, number>();
  for (let second = 0; second < 600; second++) {
    for (let caller = 0; caller < 20; caller++) {
      const word = await ask(false);
      said.set(word, (said.get(word) ?? 0) + 1);
    }
    pass(1_000);
  }
  // Ten minutes, 12,000 tries: the first, those at once, and so many a minute.
  expect(sent.length).toBeLessThanOrEqual(1 + 30 + 200);
  expect([...said.keys()].toSorted()).toEqual(["STORE_UNAVAILABLE", "wait true"]);
  // Other operations are asked for as ever.
  const others = sent.length;
  void table.start("checkHandle", { handle: "a" }).catch(() => undefined);
  expect(sent.length).toBe(others + 1);
  pass(3_000);
  for (let caller = 0; caller < 20; caller++) expect(await ask(true)).toBe("answered");
});
