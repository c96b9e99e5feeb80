/**
 * States that last as long as a driver's work (`work` in the machines' tables) end by the bound their tables name, though the world is silent
 * at the worst moments: each answer comes just before its deadline, and the last one never.
 */
import { create } from "@bufbuild/protobuf";
import { type BlobId, type Clock, type HttpResponse, OperationalError } from "@hawser/base";
import { openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { WRITE_ENDS_WITHIN_MS } from "@hawser/linking";
import { MAX_CHUNK_BYTES, newSource, UPLOAD_ENDS_WITHIN_MS } from "@hawser/sync";
import { ArchiveHeadSchema } from "@hawser/wire";
import { expect, test } from "vitest";
import { createBlobTransfer } from "./blobs/transfer.ts";
import type { DeviceLink, OperationResult } from "./connection/server-link.ts";
import { createRequestTable } from "./connection/request-table.ts";
import { createRetryPurse } from "./connection/retry-purse.ts";
import type { Core } from "./core.ts";
import type { ArchiveBooks, ReadHead } from "./history/archive-books.ts";
import type { ArchiveKeeping } from "./history/archive-keeping.ts";
import { createArchiveWriting } from "./history/archive-writing.ts";
import { createHistorySources } from "./history/source-driver.ts";
import { createRendezvous } from "./linking/rendezvous.ts";
import { openStore } from "./store/store.ts";
import { testClock } from "./test-clock.ts";

/** Time goes on only while everything waits. */
function world() {
  const clock = testClock();
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  };
  /** When `done` first says so; the test ends with nothing to wait for if it never does. */
  const until = async (done: () => boolean): Promise<number> => {
    let turns = 0;
    for (await settle(); !done(); await settle()) {
      if (++turns > 100 || !clock.next()) throw new Error("nothing is waited for, and nothing has ended");
    }
    return clock.nowMs();
  };
  return { clock, until };
}

/** A server of blobs whose nth answer is the last one. */
function slowServer(clock: Clock, answers: number) {
  let left = answers;
  const late = <T>(afterMs: number, answer: T): Promise<T> =>
    new Promise((resolve, reject) =>
      clock.after(afterMs, () => (left-- > 0 ? resolve(answer) : reject(new OperationalError("TIMEOUT", { retry: "now" })))),
    );
  const silent = createRequestTable(clock, () => true, createRetryPurse(clock));
  let offset = 0;
  const link = {
    online: true,
    // As late as it may be; what is later ends by the table's own deadline.
    request: (name: "grantUpload") =>
      left-- > 0 ? late(15_000, { ticket: "t" } as OperationResult<"grantUpload">) : silent.start(name, { sizeBytes: 1n }),
  } as unknown as DeviceLink;
  const http = {
    request: ({ method, timeoutMs, body }: { readonly method: string; readonly timeoutMs: number; readonly body?: Uint8Array }) => {
      offset += method === "PATCH" ? (body?.length ?? 0) : 0;
      const headers = { "upload-offset": String(offset) };
      return late<HttpResponse>(timeoutMs, { status: method === "HEAD" ? 404 : 200, headers, body: new Uint8Array(0) });
    },
  };
  return createBlobTransfer({ http: http as never, primitives: nodePrimitives, serverUrl: "https://s.example" }, link);
}

test("an upload of the largest chunk has ended in time, whichever answer is the last", async () => {
  const times: number[] = [];
  for (let answers = 0; answers <= 8; answers++) {
    const { clock, until } = world();
    let over = false;
    void slowServer(clock, answers)
      .upload("00" as BlobId, new Uint8Array(MAX_CHUNK_BYTES + 1_024), "history")
      .then(
        () => (over = true),
        () => (over = true),
      );
    times.push(await until(() => over));
  }
  expect(Math.max(...times)).toBeLessThanOrEqual(UPLOAD_ENDS_WITHIN_MS);
  expect(Math.max(...times)).toBeGreaterThan(UPLOAD_ENDS_WITHIN_MS / 2);
});

const failing = (): Promise<never> => Promise.reject(new OperationalError("TIMEOUT", { retry: "now" }));

function coreOf(clock: Clock) {
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  const self = { account: "a".repeat(32), device: 1, role: "phone" };
  return {
    store,
    ports: { clock, primitives: nodePrimitives, random: systemRandom },
    identity: { self: () => self, requireSelf: () => self },
    notify: { changed: () => undefined },
    timeMs: () => clock.nowMs(),
    pairContext: () => ({ nowMs: clock.nowMs(), random: systemRandom }),
    log: () => undefined,
    observe: { source: () => undefined, archiveWriter: () => undefined },
  } as unknown as Core;
}

test("a source whose upload or page fails waits to try again", async () => {
  const page = { messageCount: 1, conversations: [], next: undefined };
  for (const [reader, upload] of [
    [{ page: () => page }, failing],
    [
      {
        page: () => {
          throw new OperationalError("STORAGE_FULL");
        },
      },
      () => Promise.resolve(),
    ],
  ] as const) {
    const { clock, until } = world();
    const core = coreOf(clock);
    const stages: boolean[] = [];
    core.observe.source = (state) => void stages.push(state.waitingToRetry);
    core.store.historyJobs.put({ job: "0f".repeat(16), direction: "source", device: 2, state: newSource("0f".repeat(16), 2, { kind: "all" }, 1), finished: false, createdAtMs: 0 }); // prettier-ignore
    createHistorySources(core, reader as never, { upload } as never).resume();
    expect(await until(() => stages.includes(true))).toBeLessThanOrEqual(1);
  }
});

test("whatever the archive's writer does, a failure of it pauses the writing", async () => {
  const head = create(ArchiveHeadSchema, { archiveId: new Uint8Array(16) });
  const read = { ok: true, value: { head, hash: "", stale: false, version: 0 } as unknown as ReadHead } as const;
  const page = { messageCount: 1, conversations: [], rows: [1_000], next: undefined };
  for (const broken of ["read", "upload", "put"] as const) {
    const { clock, until } = world();
    const core = coreOf(clock);
    let asked = 0;
    core.store.archiveRows.look = () => ({ messages: 1_000, sinceMs: 0 });
    const fails = async (what: typeof broken): Promise<void> => {
      if (what !== broken) return;
      asked++;
      await failing();
    };
    const writing = createArchiveWriting(core, {
      keeping: { kept: () => ({ keyState: "current" }), renew: () => false } as unknown as ArchiveKeeping,
      books: {
        read: async () => {
          await fails("read");
          return read;
        },
        put: () => fails("put"),
      } as unknown as ArchiveBooks,
      reader: { waiting: () => page } as never,
      transfer: { upload: () => fails("upload") } as never,
    });
    writing.wake("connected");
    // Asked again after a pause: so it ended.
    expect(await until(() => asked > 1)).toBeGreaterThan(0);
    writing.stop();
  }
});

test("a write of a rendezvous slot that nobody answers is answered in time", async () => {
  const { clock, until } = world();
  const silent = createRequestTable(clock, () => true, createRetryPurse(clock));
  const link = { online: true, request: silent.start } as unknown as DeviceLink;
  const nodes = { start: () => undefined, stop: () => undefined, online: () => new Map() };
  const rendezvous = createRendezvous(coreOf(clock), link, nodes, () => undefined);
  const answers: unknown[] = [];
  rendezvous.put(
    { type: "rendezvous-put", effectId: 1, rendezvousId: "AAAA", side: "companion", index: 0, body: "AAAA", writerToken: "AAAA" },
    (answer) => answers.push(answer),
  );
  expect(await until(() => answers.length > 0)).toBeLessThanOrEqual(WRITE_ENDS_WITHIN_MS);
  expect(answers).toMatchObject([{ type: "put-result", result: { ok: false, error: "UNREACHABLE" } }]);
});
