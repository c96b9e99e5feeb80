/**
 * Public prekeys waiting for those who open sessions. Invariants: a one-time key leaves the store, durably, before anybody
 * gets it, and never comes back; a key is stored before its upload is acknowledged. docs/PROTOCOL.md, "Prekeys".
 */
import { type AccountId, accountIdToBytes, type Bytes, type DeviceAddress, type DeviceNumber, type SqlDatabase } from "@hawser/base";
import {
  KemPreKeySchema,
  MAX_ONE_TIME_KEM_PRE_KEYS,
  MAX_ONE_TIME_PRE_KEYS,
  OneTimePreKeySchema,
  type PreKeyBundle,
  PreKeyBundleSchema,
  type PreKeyUpload,
  SignedPreKeySchema,
} from "@hawser/wire";
import { create } from "@bufbuild/protobuf";
import type { PreKeysLeft } from "../operations/operations.ts";
import { migrate } from "../store/migrations.ts";
import { PREKEY_MIGRATIONS } from "./prekey-schema.ts";

/** Kept per device; what an eager device uploads beyond is not stored. */
const MAX_STORED = { oneTime: 2 * MAX_ONE_TIME_PRE_KEYS, kem: 2 * MAX_ONE_TIME_KEM_PRE_KEYS } as const;

interface DeviceRow {
  readonly signed_id: number;
  readonly signed_key: Bytes;
  readonly signed_signature: Bytes;
  readonly kem_id: number;
  readonly kem_key: Bytes;
  readonly kem_signature: Bytes;
}

interface KeyRow {
  readonly id: number;
  readonly key: Bytes;
}

interface KemRow extends KeyRow {
  readonly signature: Bytes;
}

export interface Claim {
  readonly bundles: readonly PreKeyBundle[];
  /** Devices that have not uploaded anything yet. */
  readonly withoutKeys: readonly DeviceNumber[];
}

export class PreKeyStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    migrate(database, PREKEY_MIGRATIONS);
    this.#database = database;
  }

  /**
   * Takes over a checked upload. The signed and last-resort keys replace the ones before. One-time keys must have ids above
   * all earlier ones: others are repetitions, and are skipped. `false`: the first upload of a device lacks a lasting key.
   */
  upload(address: DeviceAddress, upload: PreKeyUpload): boolean {
    const key = [accountIdToBytes(address.account), address.device] as const;
    return this.#database.transaction(() => {
      if (!this.#replaceLasting(key, upload)) return false;
      this.#voidBelow(key, upload);
      const highest = this.#database
        .prepare("SELECT one_time, kem FROM highest WHERE account = ? AND device = ?")
        .get<{ one_time: number; kem: number }>(...key) ?? { one_time: -1, kem: -1 };
      const left = this.left(address);
      const oneTime = upload.oneTimePreKeys.filter((fresh) => fresh.id > highest.one_time).slice(0, MAX_STORED.oneTime - left.oneTime);
      const kem = upload.oneTimeKemPreKeys.filter((fresh) => fresh.id > highest.kem).slice(0, MAX_STORED.kem - left.kem);
      for (const fresh of oneTime)
        this.#database.prepare("INSERT INTO one_time VALUES (?, ?, ?, ?)").run(...key, fresh.id, fresh.publicKey);
      for (const fresh of kem) {
        this.#database.prepare("INSERT INTO one_time_kem VALUES (?, ?, ?, ?, ?)").run(...key, fresh.id, fresh.publicKey, fresh.signature);
      }
      const top = (ids: readonly { id: number }[], before: number): number => ids.reduce((max, { id }) => Math.max(max, id), before);
      this.#database
        .prepare("INSERT OR REPLACE INTO highest VALUES (?, ?, ?, ?)")
        .run(...key, top(oneTime, highest.one_time), top(kem, highest.kem));
      return true;
    });
  }

  /** Hands out one bundle per device; all their one-time keys leave in one durable transaction. */
  claim(account: AccountId, devices: readonly DeviceNumber[]): Claim {
    const owner = accountIdToBytes(account);
    return this.#database.transaction(() => {
      const bundles: PreKeyBundle[] = [];
      const withoutKeys: DeviceNumber[] = [];
      for (const device of devices) {
        const row = this.#database.prepare("SELECT * FROM devices WHERE account = ? AND device = ?").get<DeviceRow>(owner, device);
        if (row === undefined) withoutKeys.push(device);
        else bundles.push(this.#take(owner, device, row));
      }
      return { bundles, withoutKeys };
    });
  }

  /** The highest ids that were ever taken over; 0 where there were none. */
  highest(address: DeviceAddress): PreKeysLeft {
    const row = this.#database
      .prepare("SELECT one_time, kem FROM highest WHERE account = ? AND device = ?")
      .get<{ one_time: number; kem: number }>(accountIdToBytes(address.account), address.device);
    return { oneTime: Math.max(0, row?.one_time ?? 0), kem: Math.max(0, row?.kem ?? 0) };
  }

  left(address: DeviceAddress): PreKeysLeft {
    const count = (table: "one_time" | "one_time_kem"): number =>
      this.#database
        .prepare(`SELECT count(*) AS n FROM ${table} WHERE account = ? AND device = ?`)
        .get<{ n: number }>(accountIdToBytes(address.account), address.device)?.n ?? 0;
    return { oneTime: count("one_time"), kem: count("one_time_kem") };
  }

  /** A revoked device opens no more sessions. */
  remove(account: AccountId, devices: readonly DeviceNumber[]): void {
    this.#database.transaction(() => {
      for (const device of devices) {
        for (const table of ["devices", "one_time", "one_time_kem", "highest"]) {
          this.#database.prepare(`DELETE FROM ${table} WHERE account = ? AND device = ?`).run(accountIdToBytes(account), device);
        }
      }
    });
  }

  /** After a restore: keys in a copy may have been handed out since it was made. Devices upload new ones at their next connect. */
  dropOneTimeKeys(): void {
    this.#database.transaction(() => this.#database.exec("DELETE FROM one_time; DELETE FROM one_time_kem;"));
  }

  /** The device has lost their secrets: whoever got one could say nothing it can read. */
  #voidBelow(key: readonly [Bytes, number], { voidBelowOneTime, voidBelowOneTimeKem }: PreKeyUpload): void {
    this.#database.prepare("DELETE FROM one_time WHERE account = ? AND device = ? AND id < ?").run(...key, voidBelowOneTime);
    this.#database.prepare("DELETE FROM one_time_kem WHERE account = ? AND device = ? AND id < ?").run(...key, voidBelowOneTimeKem);
  }

  #replaceLasting(key: readonly [Bytes, number], upload: PreKeyUpload): boolean {
    const { signedPreKey: signed, lastResortKemPreKey: kem } = upload;
    if (signed !== undefined && kem !== undefined) {
      this.#database
        .prepare("INSERT OR REPLACE INTO devices VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .run(...key, signed.id, signed.publicKey, signed.signature, kem.id, kem.publicKey, kem.signature);
      return true;
    }
    if (this.#database.prepare("SELECT 1 FROM devices WHERE account = ? AND device = ?").get(...key) === undefined) return false;
    if (signed !== undefined) {
      this.#database
        .prepare("UPDATE devices SET signed_id = ?, signed_key = ?, signed_signature = ? WHERE account = ? AND device = ?")
        .run(signed.id, signed.publicKey, signed.signature, ...key);
    }
    if (kem !== undefined) {
      this.#database
        .prepare("UPDATE devices SET kem_id = ?, kem_key = ?, kem_signature = ? WHERE account = ? AND device = ?")
        .run(kem.id, kem.publicKey, kem.signature, ...key);
    }
    return true;
  }

  #take(owner: Bytes, device: DeviceNumber, row: DeviceRow): PreKeyBundle {
    const oneTime = this.#database
      .prepare(
        "DELETE FROM one_time WHERE account = ?1 AND device = ?2 AND id = (SELECT min(id) FROM one_time WHERE account = ?1 AND device = ?2) RETURNING id, key",
      )
      .get<KeyRow>(owner, device);
    const kem = this.#database
      .prepare(
        "DELETE FROM one_time_kem WHERE account = ?1 AND device = ?2 AND id = (SELECT min(id) FROM one_time_kem WHERE account = ?1 AND device = ?2) RETURNING id, key, signature",
      )
      .get<KemRow>(owner, device);
    return create(PreKeyBundleSchema, {
      device,
      signedPreKey: create(SignedPreKeySchema, { id: row.signed_id, publicKey: row.signed_key, signature: row.signed_signature }),
      kemPreKey: create(KemPreKeySchema, {
        id: kem?.id ?? row.kem_id,
        publicKey: kem?.key ?? row.kem_key,
        signature: kem?.signature ?? row.kem_signature,
      }),
      kemIsLastResort: kem === undefined,
      ...(oneTime === undefined ? {} : { oneTimePreKey: create(OneTimePreKeySchema, { id: oneTime.id, publicKey: oneTime.key }) }),
    });
  }
}
