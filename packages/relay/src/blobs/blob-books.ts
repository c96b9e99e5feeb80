/**
 * The blob role's books: which blobs exist, who pays for them, when they go. Invariant: a row is written after the file is
 * durable, and deleted before the file is; so a row always has its file, and a file without a row is rubbish to sweep.
 */
import { type AccountId, accountIdToBytes, type BlobId, type Bytes, fromHex, type SqlDatabase, toHex } from "@hawser/base";
import { migrate } from "../store/migrations.ts";
import { ARCHIVE_HEADS, ArchiveHeads } from "./archive-heads.ts";
import type { BlobPurpose } from "./upload-ticket.ts";

const DAY_MS = 86_400_000;
/** Archives stay until their account drops them. */
const FOR_EVER_MS = 2 ** 52;
export const DEFAULT_BLOB_RETENTION_MS: Readonly<Record<BlobPurpose, number>> = {
  attachment: 60 * DAY_MS,
  history: 14 * DAY_MS,
  archive: FOR_EVER_MS,
};
/** Bytes one account may have stored at a time. */
export const DEFAULT_BLOB_QUOTA_BYTES: Readonly<Record<BlobPurpose, number>> = {
  attachment: 4 * 2 ** 30,
  history: 8 * 2 ** 30,
  archive: 2 * 2 ** 30,
};

const PURPOSE_CODES: Readonly<Record<BlobPurpose, number>> = { attachment: 1, history: 2, archive: 3 };

const BLOB_MIGRATIONS: readonly string[] = [
  `CREATE TABLE blobs (
     id BLOB PRIMARY KEY,
     account BLOB NOT NULL,
     purpose INTEGER NOT NULL,
     size_bytes INTEGER NOT NULL,
     expires_at_ms INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX blobs_by_expiry ON blobs (expires_at_ms);
   CREATE TABLE used (
     account BLOB NOT NULL, purpose INTEGER NOT NULL, size_bytes INTEGER NOT NULL,
     PRIMARY KEY (account, purpose)
   ) STRICT, WITHOUT ROWID;`,
  ARCHIVE_HEADS,
];

export interface StoredBlob {
  readonly id: BlobId;
  readonly account: AccountId;
  readonly purpose: BlobPurpose;
  readonly sizeBytes: number;
}

export class BlobBooks {
  readonly #database: SqlDatabase;
  readonly archives: ArchiveHeads;
  readonly #retentionMs: Readonly<Record<BlobPurpose, number>>;

  constructor(database: SqlDatabase, retentionMs: Readonly<Record<BlobPurpose, number>> = DEFAULT_BLOB_RETENTION_MS) {
    migrate(database, BLOB_MIGRATIONS);
    this.#database = database;
    this.archives = new ArchiveHeads(database, (account, ids) => this.#drop(account, ids));
    this.#retentionMs = retentionMs;
  }

  /** The size of a blob; `undefined` when there is none. */
  sizeOf(id: BlobId): number | undefined {
    return this.#database.prepare("SELECT size_bytes FROM blobs WHERE id = ?").get<{ size_bytes: number }>(idBytes(id))?.size_bytes;
  }

  usedBytes(account: AccountId, purpose: BlobPurpose): number {
    const row = this.#database
      .prepare("SELECT size_bytes FROM used WHERE account = ? AND purpose = ?")
      .get<{ size_bytes: number }>(accountIdToBytes(account), PURPOSE_CODES[purpose]);
    return row?.size_bytes ?? 0;
  }

  /** Enters blobs whose files are durable, all in one transaction. One that exists already only lives longer. */
  enter(blobs: readonly StoredBlob[], nowMs: number): void {
    this.#database.transaction(() => {
      for (const { id, account, purpose, sizeBytes } of blobs) {
        const expiresAtMs = Math.floor(nowMs + this.#retentionMs[purpose]);
        // Dropped and here again before it was swept: somebody pays for it from now on.
        this.#database.prepare("DELETE FROM blobs WHERE id = ? AND account = x''").run(idBytes(id));
        const fresh = this.#database
          .prepare("INSERT INTO blobs VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
          .run(idBytes(id), accountIdToBytes(account), PURPOSE_CODES[purpose], sizeBytes, expiresAtMs);
        if (fresh.changes === 1) this.#charge(accountIdToBytes(account), PURPOSE_CODES[purpose], sizeBytes);
        else this.#database.prepare("UPDATE blobs SET expires_at_ms = max(expires_at_ms, ?) WHERE id = ?").run(expiresAtMs, idBytes(id));
      }
    });
  }

  /** Archive blobs of an account, all of them without `ids`: nobody pays for them from now on, and the next sweep deletes them. */
  #drop(account: Bytes, ids: readonly Bytes[] | undefined): void {
    const owned = `UPDATE blobs SET expires_at_ms = 0, account = x'' WHERE account = ? AND purpose = ${PURPOSE_CODES.archive}`;
    if (ids === undefined) {
      this.#database.prepare(owned).run(account);
      this.#database.prepare("DELETE FROM used WHERE account = ? AND purpose = ?").run(account, PURPOSE_CODES.archive);
      return;
    }
    for (const id of ids) {
      const size = this.#database.prepare("SELECT size_bytes FROM blobs WHERE id = ?").get<{ size_bytes: number }>(id)?.size_bytes ?? 0;
      if (this.#database.prepare(`${owned} AND id = ?`).run(account, id).changes === 1) this.#charge(account, PURPOSE_CODES.archive, -size);
    }
  }

  /** Takes expired blobs out of the books; their files are the caller's to delete. */
  expire(nowMs: number, maxBlobs = 256): BlobId[] {
    return this.#database.transaction(() => {
      const rows = this.#database
        .prepare("SELECT id, account, purpose, size_bytes FROM blobs WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?")
        .all<{ id: Bytes; account: Bytes; purpose: number; size_bytes: number }>(Math.floor(nowMs), maxBlobs);
      for (const row of rows) {
        this.#database.prepare("DELETE FROM blobs WHERE id = ?").run(row.id);
        if (row.account.length > 0) this.#charge(row.account, row.purpose, -row.size_bytes);
      }
      return rows.map((row) => toHex(row.id) as BlobId);
    });
  }

  totals(): { readonly blobs: number; readonly bytes: number } {
    const bytes = this.#database.prepare("SELECT coalesce(sum(size_bytes), 0) AS n FROM used").get<{ n: number }>()?.n ?? 0;
    const blobs = this.#database.prepare("SELECT count(*) AS n FROM blobs").get<{ n: number }>()?.n ?? 0;
    return { blobs, bytes };
  }

  #charge(account: Bytes, purpose: number, sizeBytes: number): void {
    this.#database
      .prepare("INSERT INTO used VALUES (?1, ?2, max(0, ?3)) ON CONFLICT DO UPDATE SET size_bytes = max(0, size_bytes + ?3)")
      .run(account, purpose, sizeBytes);
  }
}

function idBytes(id: BlobId): Bytes {
  return fromHex(id)!;
}
