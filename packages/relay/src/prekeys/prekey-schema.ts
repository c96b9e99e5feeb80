/** The tables of prekeys.db. Append steps, never change one. */
export const PREKEY_MIGRATIONS: readonly string[] = [
  `CREATE TABLE devices (
     account BLOB NOT NULL,
     device INTEGER NOT NULL,
     signed_id INTEGER NOT NULL, signed_key BLOB NOT NULL, signed_signature BLOB NOT NULL,
     kem_id INTEGER NOT NULL, kem_key BLOB NOT NULL, kem_signature BLOB NOT NULL,
     PRIMARY KEY (account, device)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE one_time (
     account BLOB NOT NULL, device INTEGER NOT NULL, id INTEGER NOT NULL, key BLOB NOT NULL,
     PRIMARY KEY (account, device, id)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE one_time_kem (
     account BLOB NOT NULL, device INTEGER NOT NULL, id INTEGER NOT NULL, key BLOB NOT NULL, signature BLOB NOT NULL,
     PRIMARY KEY (account, device, id)
   ) STRICT, WITHOUT ROWID;
   -- The highest ids ever accepted: an upload repeated after its keys were claimed must not bring them back.
   CREATE TABLE highest (
     account BLOB NOT NULL, device INTEGER NOT NULL, one_time INTEGER NOT NULL, kem INTEGER NOT NULL,
     PRIMARY KEY (account, device)
   ) STRICT, WITHOUT ROWID;`,
];
