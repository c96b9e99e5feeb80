/** Which messages wait for the account's archive. Invariant: while it is kept here, a message that no accepted head names stands in this table. */
import type { SqlDatabase } from "@hawser/base";
import type { Waiting } from "@hawser/sync";
import { KIND_CODES } from "./message-rows.ts";

export interface ArchiveRows {
  /** The archive that is kept here, by its id. */
  kept(): string | undefined;
  /** Begins: everything there is waits. */
  begin(archive: string, nowMs: number): void;
  end(): void;
  /** What has come since the last look is seen now. */
  look(nowMs: number): Waiting;
  /** What another device, which had nothing left to write at that moment, has written. */
  forgetUntil(notedMs: number): void;
  /** They stand in a chunk that a head names; `asTail` while that chunk may be written anew. */
  written(rows: readonly number[], asTail: boolean): void;
  /** Rows of messages that are gone or cannot be read: they have nothing to archive. */
  dropUnreadable(): void;
}

export function openArchiveRows(database: SqlDatabase): ArchiveRows {
  return {
    kept: () => database.prepare("SELECT archive FROM archive_on").get<{ archive: string }>()?.archive,
    begin(archive, nowMs) {
      database.exec("DELETE FROM archive_rows; DELETE FROM archive_on");
      database.prepare("INSERT INTO archive_on VALUES (?)").run(archive);
      database.prepare("INSERT INTO archive_rows (order_key, noted_at_ms) SELECT order_key, ? FROM messages").run(nowMs);
    },
    end() {
      database.exec("DELETE FROM archive_rows; DELETE FROM archive_on");
    },
    look(nowMs) {
      database.prepare("UPDATE archive_rows SET noted_at_ms = ? WHERE tail = 0 AND noted_at_ms = 0").run(nowMs);
      const row = database
        .prepare("SELECT count(*) AS n, min(noted_at_ms) AS since FROM archive_rows WHERE tail = 0")
        .get<{ n: number; since: number | null }>()!;
      return { messages: row.n, sinceMs: row.since ?? undefined };
    },
    forgetUntil(notedMs) {
      database.prepare("DELETE FROM archive_rows WHERE tail = 0 AND noted_at_ms > 0 AND noted_at_ms <= ?").run(notedMs);
    },
    written(rows, asTail) {
      database.exec("DELETE FROM archive_rows WHERE tail = 1");
      const done = database.prepare(
        asTail
          ? "INSERT INTO archive_rows (order_key, noted_at_ms, tail) VALUES (?, 1, 1) ON CONFLICT DO UPDATE SET tail = 1"
          : "DELETE FROM archive_rows WHERE order_key = ?",
      );
      for (const row of rows) done.run(row);
    },
    dropUnreadable() {
      database.exec(
        `DELETE FROM archive_rows WHERE NOT EXISTS
           (SELECT 1 FROM messages WHERE messages.order_key = archive_rows.order_key AND kind <> ${KIND_CODES.undecryptable})`,
      );
    },
  };
}
