/**
 * The secret halves of prekeys. Invariant: a key is stored before it is uploaded, and a one-time key is deleted in the transaction
 * that stores the session it opened; last-resort and signed keys are kept until they are old (docs/PROTOCOL.md, "Prekeys").
 */
import { assert, type SqlDatabase } from "@hawser/base";
import type { KemPreKeyPair, PreKeyPair, SignedPreKeyPair } from "@hawser/crypto";

export type PreKeyKind = "signed" | "one-time" | "kem";
const KINDS = { signed: 0, "one-time": 1, kem: 2 } as const satisfies Record<PreKeyKind, number>;

export interface StoredPreKey extends PreKeyPair {
  readonly signature: Uint8Array | undefined;
  readonly lastResort: boolean;
  readonly uploaded: boolean;
  readonly createdAtMs: number;
}

interface PreKeyRow {
  readonly id: number;
  readonly public_key: Uint8Array;
  readonly secret_key: Uint8Array;
  readonly signature: Uint8Array | null;
  readonly last_resort: number;
  readonly uploaded: number;
  readonly created_at_ms: number;
}

export interface PreKeyStore {
  find(kind: PreKeyKind, id: number): StoredPreKey | undefined;
  add(kind: PreKeyKind, key: PreKeyPair | SignedPreKeyPair | KemPreKeyPair, nowMs: number): void;
  /** Keys the server has not acknowledged yet, oldest first. */
  notUploaded(kind: PreKeyKind, options: { readonly lastResort: boolean }): StoredPreKey[];
  markUploaded(kind: PreKeyKind, ids: readonly number[]): void;
  delete(kind: PreKeyKind, id: number): void;
  newest(kind: PreKeyKind, options: { readonly lastResort: boolean }): StoredPreKey | undefined;
  deleteOlder(kind: PreKeyKind, options: { readonly lastResort: boolean; readonly createdBeforeMs: number }): void;
  /** Deletes all one-time keys of the kind but the `count` made last. */
  keepNewest(kind: "one-time" | "kem", count: number): void;
  /** A number that no key of the kind has had. */
  nextId(kind: PreKeyKind): number;
  /** The highest number given out; 0 before the first. */
  lastId(kind: PreKeyKind): number;
  /** Numbers up to it are never given out. */
  skipTo(kind: PreKeyKind, id: number): void;
  deleteAll(): void;
}

export function openPreKeys(database: SqlDatabase): PreKeyStore {
  const lastId = (kind: PreKeyKind): number => {
    const row = database.prepare("SELECT value FROM kv WHERE key = ?").get<{ value: Uint8Array }>(`prekey.${kind}.last`);
    return row === undefined ? 0 : new DataView(row.value.buffer, row.value.byteOffset).getUint32(0);
  };
  const setLastId = (kind: PreKeyKind, id: number): void => {
    const value = new Uint8Array(4);
    new DataView(value.buffer).setUint32(0, id);
    database
      .prepare("INSERT INTO kv (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
      .run(`prekey.${kind}.last`, value);
  };
  const toKey = (row: PreKeyRow): StoredPreKey => ({
    id: row.id,
    publicKey: row.public_key,
    secretKey: row.secret_key,
    signature: row.signature ?? undefined,
    lastResort: row.last_resort === 1,
    uploaded: row.uploaded === 1,
    createdAtMs: row.created_at_ms,
  });
  return {
    find(kind, id) {
      const row = database.prepare("SELECT * FROM pre_keys WHERE kind = ? AND id = ?").get<PreKeyRow>(KINDS[kind], id);
      return row === undefined ? undefined : toKey(row);
    },
    add(kind, key, nowMs) {
      assert(database.inTransaction, "prekeys are stored inside a transaction");
      const signature = "signature" in key ? key.signature : null;
      const lastResort = "lastResort" in key && key.lastResort ? 1 : 0;
      database
        .prepare(
          "INSERT INTO pre_keys (kind, id, public_key, secret_key, signature, last_resort, created_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .run(KINDS[kind], key.id, key.publicKey, key.secretKey, signature, lastResort, nowMs);
    },
    notUploaded(kind, { lastResort }) {
      return database
        .prepare("SELECT * FROM pre_keys WHERE kind = ? AND uploaded = 0 AND last_resort = ? ORDER BY id")
        .all<PreKeyRow>(KINDS[kind], lastResort ? 1 : 0)
        .map(toKey);
    },
    markUploaded(kind, ids) {
      for (const id of ids) database.prepare("UPDATE pre_keys SET uploaded = 1 WHERE kind = ? AND id = ?").run(KINDS[kind], id);
    },
    delete(kind, id) {
      database.prepare("DELETE FROM pre_keys WHERE kind = ? AND id = ?").run(KINDS[kind], id);
    },
    newest(kind, { lastResort }) {
      const row = database
        .prepare("SELECT * FROM pre_keys WHERE kind = ? AND last_resort = ? ORDER BY id DESC LIMIT 1")
        .get<PreKeyRow>(KINDS[kind], lastResort ? 1 : 0);
      return row === undefined ? undefined : toKey(row);
    },
    deleteOlder(kind, { lastResort, createdBeforeMs }) {
      database
        .prepare("DELETE FROM pre_keys WHERE kind = ? AND last_resort = ? AND created_at_ms < ?")
        .run(KINDS[kind], lastResort ? 1 : 0, createdBeforeMs);
    },
    keepNewest(kind, count) {
      database
        .prepare(
          `DELETE FROM pre_keys WHERE kind = ?1 AND last_resort = 0 AND id <=
             (SELECT id FROM pre_keys WHERE kind = ?1 AND last_resort = 0 ORDER BY id DESC LIMIT 1 OFFSET ?2)`,
        )
        .run(KINDS[kind], count);
    },
    nextId(kind) {
      const next = lastId(kind) + 1;
      setLastId(kind, next);
      return next;
    },
    lastId,
    skipTo: (kind, id) => setLastId(kind, Math.max(id, lastId(kind))),
    deleteAll: () => database.exec("DELETE FROM pre_keys"),
  };
}
