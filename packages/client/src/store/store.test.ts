/**
 * Invariants: one row a message id; positions unique and rising; unread and last follow the messages; search finds newest first and points
 * at the matches; a database of a newer program is left alone.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AccountId, conversationWith, type MessageId, newMessageId, type SqlDatabase } from "@hawser/base";
import { openSqliteDatabase } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import type { NewMessage } from "./messages.ts";
import { SCHEMA_VERSION } from "./schema.ts";
import { isStorageTrouble, storageError } from "./storage-trouble.ts";
import { openStore, type Store } from "./store.ts";

const ANNA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" as AccountId;
const BELA = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" as AccountId;
let database: SqlDatabase;
let store: Store;
let counter = 0;
const random = {
  bytes(size: number) {
    const bytes = new Uint8Array(size);
    new DataView(bytes.buffer).setUint32(size - 4, ++counter);
    return bytes;
  },
};
const newId = (): MessageId => newMessageId(1_000, random);

beforeEach(() => {
  counter = 0;
  database = openSqliteDatabase(":memory:");
  store = openStore(database, nodePrimitives);
});

function message(conversation: number, change: Partial<NewMessage> = {}): NewMessage {
  const base: NewMessage = {
    id: newId(), conversation, sentAtMs: 5_000, orderFrom: 5_000_000, outgoing: false, senderAccount: ANNA, senderName: "", kind: "text",
    status: "received", text: "hello", quoted: undefined, attachments: [],
  }; // prettier-ignore
  return { ...base, ...change };
}

function add(account: AccountId, change: Partial<NewMessage> = {}): { id: MessageId; order: number } {
  return database.transaction(() => {
    const { row } = store.conversations.ensure(conversationWith(account));
    const given = message(row, change);
    const order = store.messages.insert(given)!;
    store.conversations.noteMessage(row, order, given.outgoing ? undefined : given.id);
    return { id: given.id, order };
  });
}

test("a second message with the same id is not stored", () => {
  const { id } = add(ANNA);
  database.transaction(() => expect(store.messages.insert(message(1, { id, text: "other" }))).toBeUndefined());
  expect(store.messages.find(id)?.text).toBe("hello");
  expect(store.conversations.summary(conversationWith(ANNA))?.unread).toBe(1);
});

test("positions are unique over all conversations and stay within their millisecond while it has room", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ ms: fc.integer({ min: 1, max: 4 }), who: fc.boolean() }), { maxLength: 40 }), (given) => {
      database = openSqliteDatabase(":memory:");
      store = openStore(database, nodePrimitives);
      const orders = given.map(({ ms, who }) => add(who ? ANNA : BELA, { orderFrom: ms * 1_000 }).order);
      expect(new Set(orders).size).toBe(orders.length);
      orders.forEach((order, i) => expect(Math.floor(order / 1_000)).toBe(given[i]!.ms));
    }),
    { numRuns: 30 },
  );
});

test("a full millisecond spills into the next one", () => {
  for (let i = 0; i < 1_001; i++) add(ANNA, { orderFrom: 7_000 });
  expect(store.messages.lastOrder(1)).toBe(8_000);
});

test("a free place is taken as it is, also between others of its millisecond", () => {
  add(ANNA, { orderFrom: 7_002 });
  expect(add(ANNA, { orderFrom: 7_001 }).order).toBe(7_001);
  expect(add(ANNA, { orderFrom: 7_001 }).order).toBe(7_003);
});

test("a status only rises, but a failed message may be tried again", () => {
  const { id } = add(ANNA, { outgoing: true, status: "queued" });
  const statuses = (["sent", "read", "delivered", "queued", "failed"] as const).map((status) => store.messages.raiseStatus(id, status));
  expect(statuses).toEqual([true, true, false, false, false]);
  const other = add(ANNA, { outgoing: true, status: "queued" });
  expect((["failed", "queued", "failed", "sent"] as const).map((status) => store.messages.raiseStatus(other.id, status))).toEqual([
    true,
    true,
    true,
    true,
  ]);
});

test("of the one-time keys only the newest are kept, and the newest is the one made last, whatever the clock said", () => {
  database.transaction(() => {
    const key = (id: number) => ({ id, publicKey: new Uint8Array(32), secretKey: new Uint8Array(32) });
    for (let id = 1; id <= 5; id++) store.preKeys.add("one-time", key(id), 10 - id);
    store.preKeys.keepNewest("one-time", 3);
  });
  expect([1, 2, 3, 4, 5].filter((id) => store.preKeys.find("one-time", id) !== undefined)).toEqual([3, 4, 5]);
  expect(store.preKeys.newest("one-time", { lastResort: false })?.id).toBe(5);
});

test("a full store is told apart from what a message did wrong", () => {
  const refused = (work: () => void): unknown => {
    try {
      work();
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const wrong = refused(() => database.prepare("INSERT INTO kv (key, value) VALUES (?, ?)").run("x", "no bytes"));
  expect([wrong instanceof Error, isStorageTrouble(wrong)]).toEqual([true, false]);
  const { page_count: pages } = database.prepare("PRAGMA page_count").get<{ page_count: number }>()!;
  database.exec(`PRAGMA max_page_count = ${pages}`);
  const full = refused(() => database.transaction(() => store.blobs.put("x", new Uint8Array(100_000))));
  expect(isStorageTrouble(full)).toBe(true);
  expect(storageError(full)).toMatchObject({ code: "STORAGE_FULL" });
});

test("a placeholder of one chat is not filled from another", () => {
  const { id } = add(ANNA, { kind: "undecryptable", text: "" });
  const other = add(BELA);
  const { row } = store.conversations.ensure(conversationWith(BELA));
  const forged = message(row, { id, senderAccount: BELA, text: "said in someone else's name" });
  expect(database.transaction(() => store.messages.replacePlaceholder(forged))).toBe(false);
  expect(store.messages.find(id)).toMatchObject({ kind: "undecryptable", text: "", conversation: conversationWith(ANNA) });
  expect(other.id).not.toBe(id);
});

test("a placeholder is replaced in its place, once", () => {
  const { id, order } = add(ANNA, { kind: "undecryptable", text: "" });
  const meant = message(1, { id, text: "what was meant" });
  expect(database.transaction(() => store.messages.replacePlaceholder(meant))).toBe(true);
  expect(database.transaction(() => store.messages.replacePlaceholder({ ...meant, text: "again" }))).toBe(false);
  expect(store.messages.find(id)).toMatchObject({ text: "what was meant", order, kind: "text" });
  expect(store.search.search("meant", { conversation: undefined, beforeOrder: undefined, limit: 5 })).toHaveLength(1);
});

test("conversations: pinned first, then the newest; unread and last follow", () => {
  add(ANNA, { orderFrom: 1_000, text: "older" });
  add(BELA, { orderFrom: 2_000, text: "newer", outgoing: true });
  expect(store.conversations.list(false, 0, 10).items.map((item) => item.last?.text)).toEqual(["newer", "older"]);
  store.conversations.update(1, { pinned: 1 });
  const list = store.conversations.list(false, 0, 10);
  expect(list.items.map((item) => [item.last?.text, item.unread])).toEqual([["older", 1], ["newer", 0]]); // prettier-ignore
  expect(list.total).toBe(2);
  expect(store.conversations.readUpTo(1, 1_000)).toHaveLength(1);
  expect(store.conversations.readUpTo(1, 1_000)).toEqual([]);
  expect(store.conversations.unreadTotal()).toBe(0);
});

test("search: newest first, every word, the last one as a beginning, diacritics and case aside, within one chat", () => {
  add(ANNA, { orderFrom: 1_000, text: "Grüße aus Zürich" });
  add(BELA, { orderFrom: 2_000, text: "viele gruesse, GRÜSSE und Gruß" });
  add(ANNA, { orderFrom: 3_000, text: "zurich again" });
  const find = (text: string, conversation?: number) => store.search.search(text, { conversation, beforeOrder: undefined, limit: 10 });
  expect(find("zuri").map((hit) => hit.message.text)).toEqual(["zurich again", "Grüße aus Zürich"]);
  expect(find("aus zü").map((hit) => hit.message.text)).toEqual(["Grüße aus Zürich"]);
  expect(find("GRUSSE", 2)).toHaveLength(1);
  expect(find("grusse", 1)).toHaveLength(0);
  expect(find("")).toEqual([]);
  expect(find('" OR *')).toHaveLength(0);
  const [hit] = find("Zürich");
  expect(hit!.ranges.map(([from, to]) => hit!.snippet.slice(from, to))).toEqual(["zurich"]);
});

test("a snippet shows the match inside a long text and its ranges point at it", () => {
  add(ANNA, { text: `${"lorem ipsum 🙂 ".repeat(40)}needle here ${"dolor ".repeat(40)}` });
  const [hit] = store.search.search("needle", { conversation: undefined, beforeOrder: undefined, limit: 1 });
  expect(hit!.snippet.length).toBeLessThan(130);
  expect(hit!.ranges.map(([from, to]) => hit!.snippet.slice(from, to))).toEqual(["needle"]);
});

test("paging walks a conversation without gaps or repeats", () => {
  for (let i = 1; i <= 25; i++) add(ANNA, { orderFrom: i * 1_000, text: String(i) });
  const seen: string[] = [];
  let before = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const page = store.messages.before(1, before, 10);
    if (page.length === 0) break;
    seen.push(...page.map((item) => item.text));
    before = page.at(-1)!.order;
  }
  expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => String(25 - i)));
  expect(store.messages.after(1, 24_000, 10).map((item) => item.text)).toEqual(["25"]);
});

test("attachments and quotes come with their message", () => {
  const first = add(ANNA, { text: "the question" });
  const attachment = {
    blob: undefined,
    key: undefined,
    sizeBytes: 3,
    mediaType: "image/png",
    fileName: "a.png",
    width: 1,
    height: 2,
    thumbnail: undefined,
    localId: "local:1",
  };
  const { id } = add(ANNA, { quoted: first.id, attachments: [attachment] });
  expect(store.messages.find(id)).toMatchObject({
    quoted: { id: first.id, text: "the question" },
    attachments: [{ fileName: "a.png", local: true, index: 0 }],
  });
  database.transaction(() => store.blobs.put("local:1", new Uint8Array(3 * 1_048_576).fill(7)));
  expect(store.blobs.get("local:1")?.length).toBe(3 * 1_048_576);
});

test("wiping leaves nothing but what it is told to keep", () => {
  const { id } = add(ANNA, { text: "secretword" });
  store.wipe(() => store.kv.setJson("revocation", { by: 1 }));
  expect(store.messages.find(id)).toBeUndefined();
  expect(store.search.search("secretword", { conversation: undefined, beforeOrder: undefined, limit: 5 })).toEqual([]);
  expect(store.kv.getJson("revocation")).toEqual({ by: 1 });
});

test("what was wiped is in no file any more: not in free pages, not in the index, not in the log", () => {
  const folder = mkdtempSync(join(tmpdir(), "hawser-store-"));
  database = openSqliteDatabase(join(folder, "client.db"));
  const left = (word: string): string[] => readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(word));
  try {
    store = openStore(database, nodePrimitives);
    add(ANNA, { text: "the secretword stands here" });
    store.kv.setBytes("identity", new TextEncoder().encode("private-key-of-32-bytes"));
    expect([left("secretword"), left("private-key-of-32-bytes")]).not.toContainEqual([]);
    store.wipe();
    expect([left("secretword"), left("private-key-of-32-bytes")]).toEqual([[], []]);
  } finally {
    database.close();
    rmSync(folder, { recursive: true });
  }
});

test("a database of a newer program is refused and left as it is", () => {
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  expect(() => openStore(database, nodePrimitives)).toThrow(expect.objectContaining({ code: "CLIENT_TOO_OLD" }));
  expect(database.prepare("PRAGMA user_version").get<{ user_version: number }>()?.user_version).toBe(SCHEMA_VERSION + 1);
});

test("a list shows each chat's own newest message, also when it was deleted and another chat took its place in time", () => {
  const first = add(ANNA, { orderFrom: 1_000, text: "older" });
  const { id } = add(ANNA, { orderFrom: 2_000, text: "newest" });
  database.transaction(() => store.messages.delete(id));
  add(BELA, { orderFrom: 2_000, text: "elsewhere" });
  const list = store.conversations.list(false, 0, 10);
  expect(new Map(list.items.map((item) => [item.id, item.last?.text]))).toEqual(
    new Map([[conversationWith(ANNA), "older"], [conversationWith(BELA), "elsewhere"]]), // prettier-ignore
  );
  expect(store.messages.at([first.order, 9_000]).size).toBe(1);
});

test("the number of unread messages follows whatever changes it, and what was undone changed nothing", () => {
  const total = () => store.conversations.unreadTotal();
  add(ANNA, { orderFrom: 1_000 });
  expect(total()).toBe(1);
  add(BELA, { orderFrom: 2_000 });
  add(BELA, { orderFrom: 3_000 });
  expect(total()).toBe(3);
  expect(() =>
    database.transaction(() => {
      store.conversations.noteMessages(1, 9_000, 5);
      expect(total()).toBe(8);
      throw new Error("undone");
    }),
  ).toThrow("undone");
  expect(total()).toBe(3);
  store.conversations.readUpTo(2, 2_000);
  expect(total()).toBe(2);
  store.conversations.update(1, { archived: 1 });
  expect(total()).toBe(1);
  database.transaction(() => store.conversations.recount(2));
  expect(total()).toBe(1);
  store.wipe();
  expect(total()).toBe(0);
});
