/**
 * When a device was last connected, to the hour: enough for its owner to notice a stranger, too coarse to follow a person.
 * Invariant: nothing finer than an hour is ever kept. Losing the newest entries in a crash is acceptable.
 */
import { accountIdToBytes, type AccountId, type DeviceAddress, type DeviceNumber, formatAddress, type SqlDatabase } from "@hawser/base";

const HOUR_MS = 3_600_000;
/** Written when this many are waiting, or when the owner calls `flush`. */
const MAX_WAITING = 1_024;

export class DeviceActivity {
  readonly #database: SqlDatabase;
  readonly #waiting = new Map<string, { readonly address: DeviceAddress; readonly hourMs: number }>();

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  seen(address: DeviceAddress, nowMs: number): void {
    this.#waiting.set(formatAddress(address), { address, hourMs: Math.floor(nowMs / HOUR_MS) * HOUR_MS });
    if (this.#waiting.size >= MAX_WAITING) this.flush();
  }

  /** They left the list. */
  remove(account: AccountId, devices: readonly DeviceNumber[]): void {
    for (const device of devices) {
      this.#waiting.delete(formatAddress({ account, device }));
      this.#database.prepare("DELETE FROM activity WHERE account = ? AND device = ?").run(accountIdToBytes(account), device);
    }
  }

  flush(): void {
    if (this.#waiting.size === 0) return;
    const insert = this.#database.prepare(
      "INSERT INTO activity VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET last_seen_hour_ms = excluded.last_seen_hour_ms WHERE last_seen_hour_ms <> excluded.last_seen_hour_ms",
    );
    this.#database.transaction(() => {
      for (const { address, hourMs } of this.#waiting.values()) insert.run(accountIdToBytes(address.account), address.device, hourMs);
    });
    this.#waiting.clear();
  }

  /** Milliseconds since 1970 by device, rounded down to the hour. */
  of(account: AccountId): ReadonlyMap<DeviceNumber, number> {
    this.flush();
    const rows = this.#database
      .prepare("SELECT device, last_seen_hour_ms FROM activity WHERE account = ?")
      .all<{ device: number; last_seen_hour_ms: number }>(accountIdToBytes(account));
    return new Map(rows.map((row) => [row.device as DeviceNumber, row.last_seen_hour_ms]));
  }
}
