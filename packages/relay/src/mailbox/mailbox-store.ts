/**
 * The mailboxes' tables. `blocks` is the log: one row a commit, in the order of appends. `cold` holds what was not fetched
 * soon, clustered by mailbox. `remembered` holds the message ids of blocks that left the log.
 */
import { assert, type Bytes, OperationalError, type Random, type SqlDatabase, type SqlStatement } from "@hawser/base";
import type { Mailbox } from "./mailbox.ts";
import { readU32 } from "./block-record.ts";

const SCHEMA_VERSION = 1;
/**
 * Blocks live for less than a second and their pages are used again: a longer write-ahead log moves a page into the file
 * once instead of every time (180 MB written for 90 MB of blocks at 1,000 pages, 126 MB beyond 4,000).
 */
const CHECKPOINT_PAGES = 4_000;
const SCHEMA = `
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blocks (block INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS mailboxes (
  mailbox INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  device INTEGER NOT NULL,
  cursor INTEGER NOT NULL,
  last INTEGER NOT NULL,
  dropped INTEGER NOT NULL,
  cold_count INTEGER NOT NULL,
  cold_bytes INTEGER NOT NULL,
  cold_last INTEGER NOT NULL,
  cold_oldest_ms INTEGER NOT NULL,
  rewinds INTEGER NOT NULL,
  last_sent BLOB,
  UNIQUE (account, device)
) STRICT;
CREATE TABLE IF NOT EXISTS cold (
  mailbox INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  stored_ms INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (mailbox, sequence)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS remembered (entry INTEGER PRIMARY KEY, stored_ms INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
`;

export interface ColdRow {
  readonly sequence: number;
  readonly data: Bytes;
}

/** The cold part of a mailbox. */
export interface ColdState {
  readonly count: number;
  readonly bytes: number;
  readonly last: number;
  readonly oldestMs: number;
}

interface MailboxRow {
  mailbox: number;
  cursor: number;
  last: number;
  dropped: number;
  cold_count: number;
  cold_bytes: number;
  cold_last: number;
  cold_oldest_ms: number;
  rewinds: number;
  last_sent: Bytes | null;
}

/** A new epoch tells every device that its cursor means nothing any more. Call it on a restored backup before it is served. */
export function renewMailboxEpoch(database: SqlDatabase, random: Random): number {
  const epoch = Math.max(1, readU32(random.bytes(4), 0));
  database.prepare("INSERT INTO meta (name, value) VALUES ('epoch', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value").run(epoch);
  return epoch;
}

export class MailboxStore {
  readonly database: SqlDatabase;
  readonly epoch: number;
  readonly #insertBlock: SqlStatement;
  readonly #deleteBlock: SqlStatement;
  readonly #block: SqlStatement;
  readonly #find: SqlStatement;
  readonly #insert: SqlStatement;
  readonly #update: SqlStatement;
  readonly #insertCold: SqlStatement;
  readonly #coldPage: SqlStatement;

  constructor(database: SqlDatabase, random: Random) {
    this.database = database;
    database.exec(SCHEMA);
    database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    // Stores of releases before it lack the column; those releases do not mind it.
    if (
      !database
        .prepare("SELECT name FROM pragma_table_info('mailboxes')")
        .all<{ name: string }>()
        .some(({ name }) => name === "last_sent")
    )
      database.exec("ALTER TABLE mailboxes ADD COLUMN last_sent BLOB");
    const version = this.#meta("schema") ?? this.#setMeta("schema", SCHEMA_VERSION);
    if (version !== SCHEMA_VERSION) throw new OperationalError("STORE_UNAVAILABLE", { message: "mailboxes of another version" });
    this.epoch = this.#meta("epoch") ?? renewMailboxEpoch(database, random);
    this.#insertBlock = database.prepare("INSERT INTO blocks (block, data) VALUES (?, ?)");
    this.#deleteBlock = database.prepare("DELETE FROM blocks WHERE block = ?");
    this.#block = database.prepare("SELECT data FROM blocks WHERE block = ?");
    this.#find = database.prepare(
      "SELECT mailbox, cursor, last, dropped, cold_count, cold_bytes, cold_last, cold_oldest_ms, rewinds, last_sent FROM mailboxes WHERE account = ? AND device = ?",
    );
    this.#insert = database.prepare(
      "INSERT INTO mailboxes (account, device, cursor, last, dropped, cold_count, cold_bytes, cold_last, cold_oldest_ms, rewinds, last_sent) " +
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING mailbox",
    );
    this.#update = database.prepare(
      "UPDATE mailboxes SET cursor = ?, last = ?, dropped = ?, cold_count = ?, cold_bytes = ?, cold_last = ?, cold_oldest_ms = ?, rewinds = ?, last_sent = ? WHERE mailbox = ?",
    );
    this.#insertCold = database.prepare("INSERT INTO cold (mailbox, sequence, stored_ms, data) VALUES (?, ?, ?, ?)");
    this.#coldPage = database.prepare("SELECT sequence, data FROM cold WHERE mailbox = ? AND sequence > ? ORDER BY sequence LIMIT ?");
  }

  #meta(name: string): number | undefined {
    return this.database.prepare("SELECT value FROM meta WHERE name = ?").get<{ value: number }>(name)?.value;
  }

  #setMeta(name: string, value: number): number {
    this.database.prepare("INSERT INTO meta (name, value) VALUES (?, ?)").run(name, value);
    return value;
  }

  /** A transaction of its own: durable when it returns. */
  appendBlock(index: number, data: Bytes): void {
    this.#insertBlock.run(index, data);
  }

  /** Everything moves into the file and is synced there; the write-ahead log begins anew. @throws OperationalError when that fails. */
  renewWriteAheadLog(): void {
    const outcome = this.database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get<{ busy: number }>();
    if (outcome?.busy !== 0) throw new OperationalError("STORE_UNAVAILABLE", { message: "the write-ahead log cannot be renewed now" });
  }

  dropBlock(index: number): void {
    this.#deleteBlock.run(index);
  }

  readBlock(index: number): Bytes {
    const row = this.#block.get<{ data: Bytes }>(index);
    assert(row !== undefined, "a block of the log is missing");
    return row.data;
  }

  /** Indices of the log in the order of appends. */
  blockIndices(): number[] {
    return this.database
      .prepare("SELECT block FROM blocks ORDER BY block")
      .all<{ block: number }>()
      .map((row) => row.block);
  }

  /** Fills a mailbox from its row; leaves a new one as it is. */
  load(mailbox: Mailbox): void {
    const row = this.#find.get<MailboxRow>(mailbox.account, mailbox.device);
    if (row === undefined) return;
    mailbox.row = row.mailbox;
    mailbox.cursor = row.cursor;
    mailbox.last = row.last;
    mailbox.dropped = row.dropped;
    mailbox.coldCount = row.cold_count;
    mailbox.coldBytes = row.cold_bytes;
    mailbox.coldLast = row.cold_last;
    mailbox.coldOldestMs = row.cold_oldest_ms;
    mailbox.rewinds = row.rewinds;
    mailbox.lastSent = row.last_sent ?? undefined;
  }

  /** Writes the row; gives a new mailbox its number, which the caller keeps only once the transaction is committed. */
  save(mailbox: Mailbox, cold: ColdState): number {
    const { cursor, last, dropped, rewinds, lastSent } = mailbox;
    const values = [cursor, last, dropped, cold.count, cold.bytes, cold.last, cold.oldestMs, rewinds, lastSent ?? null] as const;
    if (mailbox.row !== 0) {
      this.#update.run(...values, mailbox.row);
      return mailbox.row;
    }
    const row = this.#insert.get<{ mailbox: number }>(mailbox.account, mailbox.device, ...values);
    assert(row !== undefined, "an inserted mailbox has a row");
    return row.mailbox;
  }

  insertCold(row: number, sequence: number, storedAtMs: number, data: Bytes): void {
    this.#insertCold.run(row, sequence, storedAtMs, data);
  }

  coldPage(row: number, afterSequence: number, limit: number): ColdRow[] {
    return this.#coldPage.all<ColdRow>(row, afterSequence, limit);
  }

  /** Deletes cold messages up to `sequence`; returns what is left. */
  dropCold(row: number, sequence: number): Pick<ColdState, "count" | "bytes" | "oldestMs"> {
    this.database.prepare("DELETE FROM cold WHERE mailbox = ? AND sequence <= ?").run(row, sequence);
    const left = this.database
      .prepare("SELECT count(*) AS count, coalesce(sum(length(data)), 0) AS bytes FROM cold WHERE mailbox = ?")
      .get<{ count: number; bytes: number }>(row);
    const first = this.database
      .prepare("SELECT stored_ms FROM cold WHERE mailbox = ? ORDER BY sequence LIMIT 1")
      .get<{ stored_ms: number }>(row);
    assert(left !== undefined, "a count has a row");
    return { ...left, oldestMs: first?.stored_ms ?? 0 };
  }

  /** The highest cold sequence number stored before `beforeMs`, 0 when there is none. */
  lastColdBefore(row: number, beforeMs: number): number {
    const last = this.database
      .prepare("SELECT max(sequence) AS sequence FROM cold WHERE mailbox = ? AND stored_ms < ?")
      .get<{ sequence: number | null }>(row, beforeMs);
    return last?.sequence ?? 0;
  }

  /** Mailboxes whose oldest cold message was stored before `beforeMs`. */
  mailboxesOlderThan(beforeMs: number, limit: number): { account: string; device: number }[] {
    return this.database
      .prepare("SELECT account, device FROM mailboxes WHERE cold_count > 0 AND cold_oldest_ms < ? LIMIT ?")
      .all<{ account: string; device: number }>(beforeMs, limit);
  }

  remember(data: Bytes, nowMs: number): number {
    const row = this.database
      .prepare("INSERT INTO remembered (stored_ms, data) VALUES (?, ?) RETURNING entry")
      .get<{ entry: number }>(nowMs, data);
    assert(row !== undefined, "an inserted entry has a number");
    return row.entry;
  }

  forgetRemembered(upToEntry: number): void {
    this.database.prepare("DELETE FROM remembered WHERE entry <= ?").run(upToEntry);
  }

  remembered(): { entry: number; stored_ms: number; data: Bytes }[] {
    return this.database.prepare("SELECT entry, stored_ms, data FROM remembered ORDER BY entry").all();
  }
}
