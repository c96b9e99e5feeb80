/** Plaintext of attachments that are on this device, in parts, so that no row grows past `BLOB_PART_BYTES`. */
import { assert, concat, type SqlDatabase } from "@hawser/base";
import { BLOB_PART_BYTES } from "../bounds.ts";

export interface BlobStore {
  has(id: string): boolean;
  put(id: string, data: Uint8Array): void;
  get(id: string): Uint8Array | undefined;
  delete(id: string): void;
}

export function openBlobs(database: SqlDatabase): BlobStore {
  const has = (id: string): boolean => database.prepare("SELECT 1 AS found FROM blobs WHERE id = ? LIMIT 1").get(id) !== undefined;
  return {
    has,
    put(id, data) {
      assert(database.inTransaction, "a blob's parts are stored in one transaction");
      if (has(id)) return;
      const insert = database.prepare("INSERT INTO blobs (id, part, data) VALUES (?, ?, ?)");
      for (let part = 0, at = 0; at < data.length || part === 0; part++, at += BLOB_PART_BYTES)
        insert.run(id, part, data.subarray(at, at + BLOB_PART_BYTES));
    },
    get(id) {
      const parts = database.prepare("SELECT data FROM blobs WHERE id = ? ORDER BY part").all<{ data: Uint8Array }>(id);
      return parts.length === 0 ? undefined : concat(...parts.map((part) => part.data));
    },
    delete(id) {
      database.prepare("DELETE FROM blobs WHERE id = ?").run(id);
    },
  };
}
