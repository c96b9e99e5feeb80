import { openSqliteDatabase } from "@hawser/io-node";
import { expect, test } from "vitest";
import type { ClientState } from "../api.ts";
import { MAX_CHANGES_PER_KIND } from "../bounds.ts";
import { openKeyValues } from "../store/kv.ts";
import { type ChangeLog, createChangeLog } from "./change-log.ts";

const HERE = { version: "0.1.0", platform: "Chromium 156 on Linux", storage: "opfs", durable: true };

function open(): { kv: ReturnType<typeof openKeyValues>; log(): ChangeLog; pass(ms: number): void; full(): void } {
  const database = openSqliteDatabase(":memory:");
  database.exec("CREATE TABLE kv (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID");
  let nowMs = 1_000_000;
  const kv = openKeyValues(database);
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, after: () => () => undefined };
  return {
    kv,
    log: () => createChangeLog(kv, clock),
    pass: (ms) => (nowMs += ms),
    full: () => database.exec("PRAGMA query_only = 1"),
  };
}

const kinds = (log: ChangeLog): string[] => log.all().map(({ kind }) => kind);
const state = (connection: Partial<ClientState["connection"]>): ClientState => ({ connection }) as ClientState;
const online = (clockOffsetMs: number, transport = "websocket"): ClientState =>
  state({ kind: "online", clockOffsetMs, catchingUp: 0, transport });
const offline = (attempt: number, error = "UNREACHABLE"): ClientState =>
  state({ kind: "offline", attempt, error: error as "UNREACHABLE", retryAtMs: 0 });

test("a first start is no change, the same again is none, another version, browser or storage is one each", () => {
  const { log } = open();
  log().started(HERE);
  log().started(HERE);
  expect(kinds(log())).toEqual([]);
  log().started({ ...HERE, version: "0.2.0" });
  log().started({ ...HERE, version: "0.2.0", platform: "Chromium 157 on Linux" });
  log().started({ ...HERE, version: "0.2.0", platform: "Chromium 157 on Linux", durable: false });
  log().started({ ...HERE, version: "0.2.0", platform: "Chromium 157 on Linux" });
  expect(kinds(log())).toEqual(["app-version", "platform", "storage-less-durable", "storage-more-durable"]);
});

test("one failed try is not a loss; a loss and its end are noted once, a takeover by its name", () => {
  const { log } = open();
  const changes = log();
  for (const seen of [online(0), offline(1), online(0), offline(2), offline(3), online(0)]) changes.seen(seen);
  expect(kinds(changes)).toEqual(["connection-lost", "connection-back"]);
  changes.seen(offline(2, "REPLACED_BY_SAME_DEVICE"));
  expect(kinds(changes).at(-1)).toBe("taken-over");
});

test("another kind of connection is a change, the first is none", () => {
  const { log } = open();
  for (const transport of ["websocket", "websocket", "poll", "sse"]) log().seen(online(0, transport));
  expect(kinds(log())).toEqual(["transport", "transport"]);
});

test("a clock's jump is the difference between two measurements, also across a restart", () => {
  const { log, pass } = open();
  log().seen(online(500));
  pass(5_000);
  log().seen(online(-20_000));
  expect(kinds(log())).toEqual([]);
  // Three days ahead: the server's time is three days behind it.
  log().seen(online(-3 * 86_400_000));
  expect(log().all()).toEqual([{ atMs: 1_005_000, kind: "clock-jump", amount: 3 * 86_400 + 1 }]);
});

test("a person's “try again” is no news of the network", () => {
  const { log } = open();
  const changes = log();
  changes.hinted("online");
  changes.hinted("offline");
  changes.hinted("offline");
  changes.hinted("online");
  changes.hinted("changed");
  expect(kinds(changes)).toEqual(["network-lost", "network-back", "network"]);
});

test("a flapping network pushes nothing else out, and the log stays small", () => {
  const { log } = open();
  const changes = log();
  changes.started(HERE);
  changes.started({ ...HERE, version: "0.2.0" });
  for (let turn = 0; turn < 100; turn++) for (const hint of ["offline", "online", "changed"] as const) changes.hinted(hint);
  expect(kinds(changes)).toContain("app-version");
  expect(kinds(changes).length).toBe(1 + 3 * MAX_CHANGES_PER_KIND);
});

test("a store that takes nothing more, or holds nonsense, disturbs nobody", () => {
  const { log, kv, full } = open();
  kv.setJson("changes", [{ atMs: 1, kind: "made-up" }]);
  expect(log().all()).toEqual([]);
  kv.setJson("changes", "nonsense");
  expect(log().all()).toEqual([]);
  full();
  log().started(HERE);
  log().hinted("changed");
  log().seen(offline(2));
  expect(log().all()).toEqual([]);
});
