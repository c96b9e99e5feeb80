/**
 * The messages this store has sealed lately. Invariant: an id is added in the transaction that moves the ratchets it was sealed with, so an
 * id of this device that is not here, and is not older than all of these, was sealed by a newer copy of this store.
 */
import { assert, type MessageId, messageIdToBytes, type SqlDatabase } from "@hawser/base";
import { MAX_SEALED_IDS } from "../bounds.ts";

export interface SealedIdStore {
  /** Inside the seal's transaction. Repeats do no harm. */
  add(id: MessageId): void;
  /** `unknown-later`: not here although nothing that was forgotten is as young. */
  judge(id: MessageId): "known" | "older" | "unknown-later";
}

export function openSealedIds(database: SqlDatabase): SealedIdStore {
  return {
    add(id) {
      assert(database.inTransaction, "sealed ids change with the ratchets");
      const row = database
        .prepare("INSERT INTO sealed_ids (id) VALUES (?) ON CONFLICT (id) DO NOTHING RETURNING row")
        .get<{ row: number }>(messageIdToBytes(id))?.row;
      if (row !== undefined) database.prepare("DELETE FROM sealed_ids WHERE row <= ?").run(row - MAX_SEALED_IDS);
    },
    judge(id) {
      const bytes = messageIdToBytes(id);
      if (database.prepare("SELECT 1 AS found FROM sealed_ids WHERE id = ?").get(bytes) !== undefined) return "known";
      // Ids begin with their time.
      const isLater = database.prepare("SELECT 1 AS found FROM sealed_ids WHERE id < ? LIMIT 1").get(bytes) !== undefined;
      return isLater ? "unknown-later" : "older";
    },
  };
}
