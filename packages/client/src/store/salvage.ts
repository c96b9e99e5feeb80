/**
 * Moves what can be read of a damaged store into a fresh one. Invariants: nothing of the damaged store is changed; ratchets and prekeys are
 * left behind, because nobody can tell whether the damage took their newest state; the fresh store is complete once `SALVAGED` stands in
 * it, and the client then starts afresh and fetches what is missing as history.
 */
import type { SqlDatabase, SqlRow, SqlValue } from "@hawser/base";
import { openKeyValues } from "./kv.ts";
import { migrate, WIPED_TABLES } from "./schema.ts";

/** In kv: the store was made from a damaged one. */
export const SALVAGED = "salvaged";

/** Ratchets, and jobs that know chunks by number. */
const LEFT_BEHIND: ReadonlySet<string> = new Set(["sessions", "pre_keys", "history_jobs", "history_chunks"]);
const PAGE_ROWS = 64;
/** A table of more rows is cut; no profile comes near. */
const MAX_ROWS = 50_000_000;

/** `from` is `undefined` when not even its header can be read. Returns how many rows were moved. */
export function salvageStore(from: SqlDatabase | undefined, to: SqlDatabase): number {
  migrate(to);
  let moved = 0;
  // In the order of references: the list of tables to wipe has those who refer first.
  for (const table of WIPED_TABLES.toReversed()) {
    if (from === undefined || LEFT_BEHIND.has(table)) continue;
    moved += salvageTable(from, to, table);
  }
  to.transaction(() => {
    const kv = openKeyValues(to);
    // A conversation whose counters were read from a damaged page would stay wrong for ever.
    to.exec(
      "UPDATE conversations SET last_order = coalesce((SELECT max(order_key) FROM messages WHERE conversation = conversations.row), 0)",
    );
    to.exec("UPDATE conversations SET unread = (SELECT count(*) FROM unread_messages WHERE conversation = conversations.row)");
    to.exec(
      "UPDATE messages SET attachment_count = (SELECT count(*) FROM attachments WHERE message = order_key) WHERE attachment_count > 0",
    );
    // A chain with a hole is no chain: the directory has the whole of it.
    to.exec("DELETE FROM device_lists WHERE account IN (SELECT account FROM device_lists GROUP BY account HAVING count(*) <> max(number))");
    kv.setBytes(SALVAGED, new Uint8Array([1]));
  });
  return moved;
}

/** From the beginning until a row cannot be read, then from the end: what is lost lies between the first and the last damaged page. */
function salvageTable(from: SqlDatabase, to: SqlDatabase, table: string): number {
  const columns = to.prepare(`SELECT name, pk FROM pragma_table_info('${table}')`).all<{ name: string; pk: number }>();
  const key = columns
    .filter(({ pk }) => pk > 0)
    .toSorted((a, b) => a.pk - b.pk)
    .map(({ name }) => name);
  const names = columns.map(({ name }) => name);
  const insert = to.prepare(`INSERT OR IGNORE INTO ${table} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`);
  let moved = 0;
  const take = (rows: readonly SqlRow[]): void =>
    to.transaction(() => {
      for (const row of rows) {
        try {
          moved += insert.run(...names.map((name): SqlValue => row[name] ?? null)).changes;
        } catch {
          // A row that refers to one that is lost, or whose own bytes are not what they were.
        }
      }
    });
  for (const direction of ["ASC", "DESC"] as const) {
    if (readAll(from, table, key, direction, take)) break;
  }
  return moved;
}

/** Page by page along the primary key. False when it met a row that cannot be read. */
function readAll(
  from: SqlDatabase,
  table: string,
  key: readonly string[],
  direction: "ASC" | "DESC",
  take: (rows: readonly SqlRow[]) => void,
): boolean {
  const order = key.map((name) => `${name} ${direction}`).join(", ");
  const beyond = `(${key.join(", ")}) ${direction === "ASC" ? ">" : "<"} (${key.map(() => "?").join(", ")})`;
  let last: SqlRow | undefined;
  for (let count = 0; count < MAX_ROWS;) {
    const parameters = last === undefined ? [] : key.map((name): SqlValue => last![name]!);
    const page = readPage(from, `SELECT * FROM ${table} ${last === undefined ? "" : `WHERE ${beyond}`} ORDER BY ${order}`, parameters);
    take(page.rows);
    if (page.damaged) return false;
    if (page.rows.length === 0) return true;
    count += page.rows.length;
    last = page.rows.at(-1);
  }
  return true;
}

/** A page of rows; where that fails, as many single rows as can be had. */
function readPage(from: SqlDatabase, sql: string, parameters: readonly SqlValue[]): { rows: SqlRow[]; damaged: boolean } {
  for (let limit = PAGE_ROWS; limit >= 1; limit = Math.floor(limit / 2)) {
    try {
      return { rows: from.prepare(`${sql} LIMIT ${limit}`).all(...parameters), damaged: false };
    } catch {
      if (limit === 1) return { rows: [], damaged: true };
    }
  }
  return { rows: [], damaged: true };
}
