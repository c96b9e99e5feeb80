/**
 * Device capsules: a companion's identity, sealed under a key that its phone holds. Invariant: split knowledge; what stands here opens
 * nothing without that key. One a device; a revoked device's is deleted.
 */
import { accountIdToBytes, type AccountId, type Bytes, type DeviceAddress, type DeviceNumber, type SqlDatabase } from "@hawser/base";

export class DeviceCapsules {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  put({ account, device }: DeviceAddress, capsule: Bytes): void {
    this.#database.transaction(() =>
      this.#database.prepare("INSERT OR REPLACE INTO device_capsules VALUES (?, ?, ?)").run(accountIdToBytes(account), device, capsule),
    );
  }

  get({ account, device }: DeviceAddress): Bytes | undefined {
    return this.#database
      .prepare("SELECT capsule FROM device_capsules WHERE account = ? AND device = ?")
      .get<{ capsule: Bytes }>(accountIdToBytes(account), device)?.capsule;
  }

  /** These devices were revoked. */
  remove(account: AccountId, devices: readonly DeviceNumber[]): void {
    for (const device of devices)
      this.#database.prepare("DELETE FROM device_capsules WHERE account = ? AND device = ?").run(accountIdToBytes(account), device);
  }
}
