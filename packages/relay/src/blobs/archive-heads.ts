/**
 * One small opaque head an account: where its encrypted archive begins. Invariant: a head replaces only the version its writer saw, in one
 * transaction with what that head no longer names; versions rise for ever, also over a deletion.
 */
import { accountIdToBytes, type AccountId, type BlobId, type Bytes, fromHex, type SqlDatabase } from "@hawser/base";

export const ARCHIVE_HEADS = `CREATE TABLE archive_heads (
     account BLOB PRIMARY KEY,
     version INTEGER NOT NULL,
     head BLOB NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX blobs_of_archives ON blobs (account) WHERE purpose = 3;`;

export interface StoredHead {
  /** 0 when there never was one. */
  readonly version: number;
  readonly head: Bytes;
}

export class ArchiveHeads {
  readonly #database: SqlDatabase;
  readonly #drop: (account: Bytes, ids: readonly Bytes[] | undefined) => void;

  constructor(database: SqlDatabase, drop: (account: Bytes, ids: readonly Bytes[] | undefined) => void) {
    this.#database = database;
    this.#drop = drop;
  }

  get(account: AccountId): StoredHead {
    const row = this.#database
      .prepare("SELECT version, head FROM archive_heads WHERE account = ?")
      .get<{ version: number; head: Bytes }>(accountIdToBytes(account));
    return row ?? { version: 0, head: new Uint8Array(0) };
  }

  /** The new version; `undefined` when another one stands there, and nothing changed. */
  put(account: AccountId, expectedVersion: number, head: Bytes, dropped: readonly BlobId[]): number | undefined {
    return this.#database.transaction(() => {
      if (this.get(account).version !== expectedVersion) return undefined;
      const owner = accountIdToBytes(account);
      this.#write(owner, expectedVersion + 1, head);
      this.#drop(
        owner,
        dropped.map((id) => fromHex(id)!),
      );
      return expectedVersion + 1;
    });
  }

  delete(account: AccountId): void {
    this.#database.transaction(() => {
      const { version } = this.get(account);
      if (version > 0) this.#write(accountIdToBytes(account), version + 1, new Uint8Array(0));
      this.#drop(accountIdToBytes(account), undefined);
    });
  }

  #write(account: Bytes, version: number, head: Bytes): void {
    this.#database.prepare("INSERT OR REPLACE INTO archive_heads VALUES (?, ?, ?)").run(account, version, head);
  }
}
