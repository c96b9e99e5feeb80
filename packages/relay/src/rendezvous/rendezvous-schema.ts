/** The tables of rendezvous.db. Append steps, never change one. */
export const RENDEZVOUS_MIGRATIONS: readonly string[] = [
  `CREATE TABLE rendezvous (id BLOB PRIMARY KEY, expires_at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   CREATE INDEX rendezvous_by_expiry ON rendezvous (expires_at_ms);
   CREATE TABLE slots (
     id BLOB NOT NULL, side INTEGER NOT NULL, slot INTEGER NOT NULL, writer_token BLOB NOT NULL, body BLOB NOT NULL,
     PRIMARY KEY (id, side, slot)
   ) STRICT, WITHOUT ROWID;`,
];
