/** A damaged database file: whatever page is hit, the rest is moved, in order, and nothing throws. */
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { conversationWith, newMessageId, type SqlDatabase } from "@hawser/base";
import { nodePrimitives, openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { salvageStore, SALVAGED } from "./salvage.ts";
import { openStore } from "./store.ts";

const PAGE_BYTES = 4_096;
const MESSAGES = 2_000;

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hawser-salvage-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A closed database of many pages; returns its path. */
function fill(): string {
  const path = join(folder, "whole.db");
  const database = openSqliteDatabase(path);
  const store = openStore(database, nodePrimitives);
  store.atomically(() => {
    store.kv.setJson("self", { handle: "anna" });
    const conversation = store.conversations.ensure(conversationWith("a".repeat(32) as never));
    for (let i = 0; i < MESSAGES; i++) {
      const order = store.messages.insert({
        id: newMessageId(1_700_000_000_000 + i, systemRandom),
        conversation: conversation.row,
        sentAtMs: 1_700_000_000_000 + i,
        orderFrom: (1_700_000_000_000 + i) * 1_000,
        outgoing: false,
        senderAccount: undefined,
        senderName: "Mia",
        kind: "text",
        status: "received",
        text: `message ${i} ${"words ".repeat(10)}`,
        quoted: undefined,
        attachments: [],
      });
      if (order !== undefined) store.conversations.noteMessage(conversation.row, order, undefined);
    }
    store.sessions.put({ account: "a".repeat(32) as never, device: 1 as never }, new Uint8Array([1]));
  });
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  return path;
}

function overwrite(path: string, page: number): string {
  const damaged = join(folder, `page-${page}.db`);
  writeFileSync(damaged, readFileSync(path));
  const file = openSync(damaged, "r+");
  writeSync(file, systemRandom.bytes(PAGE_BYTES), 0, PAGE_BYTES, page * PAGE_BYTES);
  closeSync(file);
  return damaged;
}

/** Pages of the schema are a few: without them nothing can be read, and the vault and the other devices have to do. */
function open(path: string): SqlDatabase | undefined {
  try {
    return openSqliteDatabase(path);
  } catch {
    return undefined;
  }
}

const texts = (database: SqlDatabase): string[] =>
  database
    .prepare("SELECT text FROM messages ORDER BY order_key")
    .all<{ text: string }>()
    .map(({ text }) => text.split(" ")[1]!);

test("each page in turn: most rows are there, in order, the store works, ratchets are left behind", () => {
  const whole = fill();
  const pages = statSync(whole).size / PAGE_BYTES;
  expect(pages).toBeGreaterThan(100);
  const kept: number[] = [];
  for (let page = 1; page < pages; page += 7) {
    const from = open(overwrite(whole, page));
    const to = openSqliteDatabase(":memory:");
    salvageStore(from, to);
    const found = texts(to).map(Number);
    expect(found).toEqual(found.toSorted((a, b) => a - b));
    expect(new Set(found).size).toBe(found.length);
    kept.push(found.length);
    const store = openStore(to, nodePrimitives);
    expect(store.kv.getBytes(SALVAGED)).toBeDefined();
    expect(to.prepare("SELECT count(*) AS n FROM sessions").get()).toEqual({ n: 0 });
    expect(to.prepare("PRAGMA quick_check").get()).toEqual({ quick_check: "ok" });
    from?.close();
    to.close();
  }
  // An inner page takes its leaves with it; nearly every page is a leaf.
  expect(kept.filter((count) => count >= MESSAGES - 100).length).toBeGreaterThan(kept.length * 0.8);
}, 60_000);

test("a whole store comes through whole, and is found by search; an unreadable one leaves an empty store", () => {
  const from = openSqliteDatabase(fill());
  const to = openSqliteDatabase(":memory:");
  salvageStore(from, to);
  expect(texts(to)).toEqual(texts(from));
  const store = openStore(to, nodePrimitives);
  expect(store.kv.getJson("self")).toEqual({ handle: "anna" });
  const find = "SELECT count(*) AS n FROM messages_fts WHERE messages_fts MATCH 'words'";
  expect(to.prepare(find).get()).toEqual({ n: MESSAGES });
  from.close();
  const empty = openSqliteDatabase(":memory:");
  expect(salvageStore(undefined, empty)).toBe(0);
  expect(texts(empty)).toEqual([]);
});

test("what says that it waits, and is not in the outbox, is found", () => {
  const database = openSqliteDatabase(join(folder, "waiting.db"));
  const store = openStore(database, nodePrimitives);
  const peer = "a".repeat(32) as never;
  const ids = [0, 1, 2].map((i) => newMessageId(1_700_000_000_000 + i, systemRandom));
  store.atomically(() => {
    const conversation = store.conversations.ensure(conversationWith(peer));
    for (const [i, id] of ids.entries()) {
      store.messages.insert({
        id,
        conversation: conversation.row,
        sentAtMs: 1_700_000_000_000 + i,
        orderFrom: (1_700_000_000_000 + i) * 1_000,
        outgoing: true,
        senderAccount: peer,
        senderName: "",
        kind: "text",
        status: i === 2 ? "sent" : "queued",
        text: "hello",
        quoted: undefined,
        attachments: [],
      });
    }
    store.outbox.add({ messageId: ids[0]!, audience: "conversation", account: peer, content: new Uint8Array([1]) });
  });
  expect(store.outbox.lost()).toEqual([ids[1]]);
  database.close();
});
