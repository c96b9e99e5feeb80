/**
 * Invariants: what goes through chunks arrives whole, whatever their order and repetitions; counters kept while chunks arrive are those a
 * full count gives.
 */
import { type AccountId, conversationWith, type MessageId, newMessageId } from "@hawser/base";
import { openSqliteDatabase } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import type { HistoryPage, HistoryPosition } from "@hawser/sync";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openHistoryReader, openHistoryWriter } from "./history-rows.ts";
import { openStore, type Store } from "./store.ts";

const PEOPLE = ["a", "b", "c"].map((letter) => letter.repeat(32) as AccountId);
const JOB = "00".repeat(16);
const open = (): Store => openStore(openSqliteDatabase(":memory:"), nodePrimitives);

interface Given {
  readonly who: number;
  readonly ms: number;
  readonly outgoing: boolean;
  readonly kind: "text" | "system" | "undecryptable";
}

function insert(store: Store, { who, ms, outgoing, kind }: Given, id: MessageId): void {
  store.database.transaction(() => {
    const { row } = store.conversations.ensure(conversationWith(PEOPLE[who]!));
    const order = store.messages.insert({
      id, conversation: row, sentAtMs: ms, orderFrom: ms * 1_000, outgoing, senderAccount: PEOPLE[who]!, senderName: "", kind,
      status: outgoing ? "sent" : "received", text: kind === "undecryptable" ? "" : `text ${ms}`, quoted: undefined, attachments: [],
    })!; // prettier-ignore
    store.conversations.noteMessage(row, order, outgoing || kind === "system" ? undefined : id);
  });
}

function pagesOf(store: Store, size: number): HistoryPage[] {
  const reader = openHistoryReader(store);
  const pages: HistoryPage[] = [];
  let from: HistoryPosition | undefined;
  do {
    const page = reader.page({ kind: "all" }, from, size, 1_000_000);
    if (page.messageCount > 0) pages.push(page);
    from = page.next;
  } while (from !== undefined);
  return pages;
}

const counters = (store: Store) =>
  store.database.prepare("SELECT id, last_order, unread, read_order, history_complete FROM conversations ORDER BY id").all();
const texts = (store: Store) =>
  store.database.prepare("SELECT sent_at_ms, outgoing, kind, text FROM messages WHERE kind <> 2 ORDER BY hex(id)").all();

const message: fc.Arbitrary<Given> = fc.record({
  who: fc.nat(PEOPLE.length - 1),
  ms: fc.integer({ min: 1, max: 12 }),
  outgoing: fc.boolean(),
  kind: fc.constantFrom("text", "text", "system", "undecryptable"),
});

test("chunks in any order, some twice, leave the source's rows and counters that a full count confirms", () => {
  const options = {
    given: fc.array(message, { maxLength: 30 }),
    size: fc.integer({ min: 1, max: 7 }),
    read: fc.nat(12),
    already: fc.nat(5),
    order: fc.infiniteStream(fc.nat()),
  };
  fc.assert(
    fc.property(fc.record(options), ({ given, size, read, already, order }) => {
      const random = { bytes: (count: number) => new Uint8Array(count).map(() => order.next().value! & 0xff) };
      const ids = given.map((_, index) => newMessageId(index + 1, random));
      const source = open();
      given.forEach((one, index) => insert(source, one, ids[index]!));
      for (let row = 1; row <= PEOPLE.length; row++)
        if (source.conversations.byRow(row) !== undefined) source.conversations.readUpTo(row, read * 1_000);
      const sink = open();
      // Some came before the history did, a few of them unreadable there: those are replaced.
      given.slice(0, already).forEach((one, index) => insert(sink, index === 0 ? { ...one, kind: "undecryptable" } : one, ids[index]!));

      const chunks = pagesOf(source, size).flatMap((page, index) => [
        { page, index },
        { page, index },
      ]);
      const shuffled = chunks.map((chunk) => ({ chunk, at: order.next().value! })).sort((a, b) => a.at - b.at);
      const writer = openHistoryWriter(
        sink,
        (entry) => ({ outgoing: entry.outgoing }),
        () => undefined,
      );
      for (const { chunk } of shuffled) writer.commitChunk(JOB, chunk.index, chunk.page.conversations);

      expect(texts(sink)).toEqual(texts(source));
      const readable = ids.filter((_, index) => given[index]!.kind !== "undecryptable");
      const unreadOf = (store: Store) => new Set(store.unread.newest(1_000));
      const [atSource, atSink] = [unreadOf(source), unreadOf(sink)];
      for (const id of readable) expect(atSink.has(id)).toBe(atSource.has(id));
      const kept = counters(sink);
      for (let row = 1; row <= PEOPLE.length; row++)
        if (sink.conversations.byRow(row) !== undefined) sink.database.transaction(() => sink.conversations.recount(row));
      expect(kept).toEqual(counters(sink));
    }),
    { numRuns: 60 },
  );
});

test("each conversation says how many messages it has, and the chunk with its oldest one that it is complete", () => {
  const source = open();
  const random = { bytes: (count: number) => new Uint8Array(count).map((_, i) => i + counter++) };
  let counter = 0;
  for (let ms = 1; ms <= 5; ms++) insert(source, { who: 0, ms, outgoing: false, kind: "text" }, newMessageId(ms, random));
  insert(source, { who: 1, ms: 6, outgoing: true, kind: "text" }, newMessageId(6, random));
  const said = pagesOf(source, 3).map((page) =>
    page.conversations.map(({ title: _, ...c }) => [c.entries.length, Number(c.totalMessages), c.complete]),
  );
  expect(said).toEqual([[[1, 1, true], [2, 5, false]], [[3, 5, true]]]); // prettier-ignore
});
