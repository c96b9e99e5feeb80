/** Invariant: devices that heard the same hold the same messages unread, whatever the order they heard it in and wherever each of them stands. */
import { type AccountId, conversationWith, type MessageId, newMessageId } from "@hawser/base";
import { nodePrimitives, openSqliteDatabase, systemRandom } from "@hawser/io-node";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_READ_AHEAD } from "../bounds.ts";
import { openStore, type Store } from "./store.ts";

const ANNA = "a".repeat(32) as AccountId;
const open = (): Store => openStore(openSqliteDatabase(":memory:"), nodePrimitives);

function come(store: Store, id: MessageId, order: number): void {
  store.database.transaction(() => {
    const { row } = store.conversations.ensure(conversationWith(ANNA));
    const at = store.messages.insert({
      id, conversation: row, sentAtMs: 1, orderFrom: order, outgoing: false, senderAccount: ANNA, senderName: "", kind: "text",
      status: "received", text: "x", quoted: undefined, attachments: [],
    }); // prettier-ignore
    if (at !== undefined) store.conversations.noteMessage(row, at, id);
  });
}

const unread = (store: Store): string[] => store.unread.newest(1_000).toSorted();

test("two devices that place messages differently, hear of one another late and in any order, agree in the end", () => {
  const device = fc.nat(1);
  const step = fc.oneof(
    fc.record({ kind: fc.constant("comes" as const), device, message: fc.nat(9), order: fc.integer({ min: 1, max: 50 }) }),
    fc.record({ kind: fc.constant("reads" as const), device, upTo: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ kind: fc.constant("hears" as const), device, which: fc.nat(5) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const stores = [open(), open()] as const;
      const ids = Array.from({ length: 10 }, (_, index) => newMessageId(index + 1, systemRandom));
      const told: MessageId[][][] = [[], []];
      const read = new Set<MessageId>();
      const hear = (at: number, what: readonly MessageId[]): void => {
        stores[at]!.database.transaction(() => stores[at]!.conversations.readThese(what));
      };
      for (const one of steps) {
        const store = stores[one.device]!;
        if (one.kind === "comes") come(store, ids[one.message]!, one.order);
        else if (one.kind === "reads") {
          const row = store.conversations.find(conversationWith(ANNA))?.row;
          if (row === undefined) continue;
          const gone = store.database.transaction(() => store.conversations.readUpTo(row, one.upTo)).map(({ id }) => id);
          for (const id of gone) read.add(id);
          told[1 - one.device]!.push(gone);
        } else {
          const [what] = told[one.device]!.splice(one.which % Math.max(1, told[one.device]!.length), 1);
          if (what !== undefined) hear(one.device, what);
        }
      }
      for (const [at, waiting] of told.entries()) for (const what of waiting.toReversed()) hear(at, what);
      for (const store of stores) for (const [index, id] of ids.entries()) come(store, id, 100 + index);
      const expected = ids.filter((id) => !read.has(id)).toSorted();
      for (const store of stores) {
        expect(unread(store)).toEqual(expected);
        expect(store.conversations.summary(conversationWith(ANNA))?.unread).toBe(expected.length);
      }
    }),
    { numRuns: 200 },
  );
});

test("what is read of messages that never come is bounded, and the newest are kept", () => {
  const store = open();
  const ids = Array.from({ length: MAX_READ_AHEAD + 10 }, (_, index) => newMessageId(index + 1, systemRandom));
  store.database.transaction(() => store.conversations.readThese(ids));
  expect(store.database.prepare("SELECT count(*) AS n FROM read_ahead").get<{ n: number }>()!.n).toBe(MAX_READ_AHEAD);
  come(store, ids.at(-1)!, 5);
  expect(unread(store)).toEqual([]);
  come(store, ids[0]!, 6);
  expect(unread(store)).toEqual([ids[0]]);
});

test("a store from before knows as unread what stands behind its mark", () => {
  const database = openSqliteDatabase(":memory:");
  const store = openStore(database, nodePrimitives);
  const ids = [1, 2, 3].map((ms) => newMessageId(ms, systemRandom));
  ids.forEach((id, index) => come(store, id, (index + 1) * 10));
  // What the steps after version 5 made.
  database.exec("DROP TRIGGER archive_insert; DROP TRIGGER archive_update; DROP TABLE archive_on; DROP TABLE archive_rows");
  database.exec("DROP TABLE state_pages; ALTER TABLE state_entries DROP COLUMN hash");
  database.exec("DROP TABLE unread_messages; DROP TABLE read_ahead; UPDATE conversations SET read_order = 10; PRAGMA user_version = 5");
  expect(unread(openStore(database, nodePrimitives))).toEqual(ids.slice(1).toSorted());
});
