/** Deliveries of senders whose device list could not be had yet, as they came. Bounded by the caller. */
import { type AccountId, accountIdFromBytes, accountIdToBytes, type SqlDatabase } from "@hawser/base";
import type { Delivery } from "@hawser/wire";

export interface HeldDelivery {
  readonly row: number;
  readonly delivery: Delivery;
}

export interface HeldDeliveryStore {
  /** A repeat of one that is held already changes nothing. */
  add(delivery: Delivery): void;
  /** In the order in which they came. */
  list(limit: number): HeldDelivery[];
  accounts(limit: number): AccountId[];
  size(): { readonly count: number; readonly bytes: number };
  delete(row: number): void;
}

interface Row {
  readonly row: number;
  readonly account: string;
  readonly device: number;
  readonly message_id: Uint8Array;
  readonly server_time_ms: number;
  readonly capsule: Uint8Array;
  readonly body: Uint8Array;
}

export function openHeldDeliveries(database: SqlDatabase): HeldDeliveryStore {
  return {
    add({ senderAccount, senderDevice, messageId, serverTimeMs, capsule, body }) {
      database
        .prepare(
          `INSERT INTO held_deliveries (account, device, message_id, server_time_ms, capsule, body) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (account, device, message_id) DO NOTHING`,
        )
        .run(accountIdFromBytes(senderAccount), senderDevice, messageId, serverTimeMs, capsule, body);
    },
    list: (limit) =>
      database
        .prepare("SELECT * FROM held_deliveries ORDER BY row LIMIT ?")
        .all<Row>(limit)
        .map(({ row, account, device, message_id, server_time_ms, capsule, body }) => ({
          row,
          delivery: {
            sequence: 0,
            serverTimeMs: server_time_ms,
            senderAccount: accountIdToBytes(account as AccountId),
            senderDevice: device,
            messageId: message_id,
            capsule,
            body,
          },
        })),
    accounts: (limit) =>
      database
        .prepare("SELECT DISTINCT account FROM held_deliveries ORDER BY row LIMIT ?")
        .all<{ account: AccountId }>(limit)
        .map((row) => row.account),
    size: () =>
      database
        .prepare("SELECT count(*) AS count, coalesce(sum(length(capsule) + length(body)), 0) AS bytes FROM held_deliveries")
        .get<{ count: number; bytes: number }>()!,
    delete(row) {
      database.prepare("DELETE FROM held_deliveries WHERE row = ?").run(row);
    },
  };
}
