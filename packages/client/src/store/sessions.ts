/** Ratchet records, one a device. Invariant: a record is only ever replaced in the transaction that stores what it produced. */
import { assert, type DeviceAddress, type DeviceNumber, type SqlDatabase } from "@hawser/base";

export interface SessionStore {
  find(address: DeviceAddress): Uint8Array | undefined;
  put(address: DeviceAddress, record: Uint8Array): void;
  delete(address: DeviceAddress): void;
  deleteAll(): void;
  devicesWithSession(account: string): Set<DeviceNumber>;
}

export function openSessions(database: SqlDatabase): SessionStore {
  return {
    find: ({ account, device }) =>
      database.prepare("SELECT record FROM sessions WHERE account = ? AND device = ?").get<{ record: Uint8Array }>(account, device)?.record,
    put({ account, device }, record) {
      assert(database.inTransaction, "a ratchet moves inside a transaction");
      database
        .prepare(
          "INSERT INTO sessions (account, device, record) VALUES (?, ?, ?) ON CONFLICT (account, device) DO UPDATE SET record = excluded.record",
        )
        .run(account, device, record);
    },
    delete({ account, device }) {
      database.prepare("DELETE FROM sessions WHERE account = ? AND device = ?").run(account, device);
    },
    deleteAll: () => database.exec("DELETE FROM sessions"),
    devicesWithSession(account) {
      const rows = database.prepare("SELECT device FROM sessions WHERE account = ?").all<{ device: number }>(account);
      return new Set(rows.map((row) => row.device as DeviceNumber));
    },
  };
}
