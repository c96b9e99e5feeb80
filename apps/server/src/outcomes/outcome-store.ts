/**
 * The stream of outcomes, in a store of its own. Invariants: positions rise and are never used twice; at most `MAX_STORED_OUTCOMES` rows
 * and none older than `KEPT_MS`; a row holds words of the catalogue and numbers, times to the minute.
 */
import type { Random, SqlDatabase } from "@hawser/base";
import { toHex } from "@hawser/base";
import type { OutcomeSegmentWords } from "@hawser/wire";

/** Who said so: this server, a device of an account, or a connection without one. */
export type OutcomeSource = "server" | "device" | "anonymous";

export interface OutcomeRow {
  readonly source: OutcomeSource;
  readonly attempt: string;
  readonly stage: string;
  readonly code: string;
  readonly durationBucket: number;
  readonly segment: OutcomeSegmentWords;
  readonly count: number;
  /** When the last of them ended. */
  readonly atMs: number;
}

export type StoredOutcome = OutcomeRow & { readonly position: number };

export const MAX_STORED_OUTCOMES = 200_000;
export const KEPT_MS = 30 * 24 * 3_600_000;
export const MAX_READ_OUTCOMES = 5_000;
const MINUTE_MS = 60_000;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS stream (id TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS outcomes (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL, source TEXT NOT NULL, attempt TEXT NOT NULL, stage TEXT NOT NULL, code TEXT NOT NULL,
  bucket INTEGER NOT NULL, count INTEGER NOT NULL, segment TEXT NOT NULL
) STRICT;`;

interface Row {
  readonly position: number;
  readonly at_ms: number;
  readonly source: OutcomeSource;
  readonly attempt: string;
  readonly stage: string;
  readonly code: string;
  readonly bucket: number;
  readonly count: number;
  readonly segment: string;
}

export class OutcomeStore {
  readonly #database: SqlDatabase;
  /** Another one means that positions begin anew. */
  readonly streamId: string;

  constructor(database: SqlDatabase, random: Random) {
    this.#database = database;
    database.exec(SCHEMA);
    const known = database.prepare("SELECT id FROM stream").get<{ id: string }>()?.id;
    this.streamId = known ?? toHex(random.bytes(8));
    if (known === undefined) database.prepare("INSERT INTO stream (id) VALUES (?)").run(this.streamId);
  }

  append(rows: readonly OutcomeRow[]): void {
    const insert = this.#database.prepare(
      "INSERT INTO outcomes (at_ms, source, attempt, stage, code, bucket, count, segment) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#database.transaction(() => {
      for (const { atMs, source, attempt, stage, code, durationBucket, count, segment } of rows) {
        insert.run(atMs - (atMs % MINUTE_MS), source, attempt, stage, code, durationBucket, count, JSON.stringify(segment));
      }
    });
  }

  /** Those behind `after`, ascending. */
  read(after: number, limit: number): StoredOutcome[] {
    return this.#database
      .prepare("SELECT * FROM outcomes WHERE position > ? ORDER BY position LIMIT ?")
      .all<Row>(after, Math.min(limit, MAX_READ_OUTCOMES))
      .map(({ position, at_ms: atMs, bucket: durationBucket, segment, ...words }) => ({
        position,
        atMs,
        durationBucket,
        ...words,
        segment: JSON.parse(segment) as OutcomeSegmentWords,
      }));
  }

  prune(nowMs: number, keep: number = MAX_STORED_OUTCOMES): void {
    const last = this.#database.prepare("SELECT max(position) AS last FROM outcomes").get<{ last: number | null }>()?.last ?? 0;
    this.#database.prepare("DELETE FROM outcomes WHERE position <= ? OR at_ms < ?").run(last - keep, Math.floor(nowMs - KEPT_MS));
  }
}
