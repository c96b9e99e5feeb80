/**
 * The one SQL schema of every client, and the way from older ones. Invariant: a database at `user_version` N holds exactly what
 * the first N migrations made; migrations are only ever appended. docs/ARCHITECTURE.md, "The client's store".
 *
 * `messages.order_key` is the table's rowid: a position in time (milliseconds × 1000 + a counter), unique over all chats. So
 * paging, search by recency and history all walk one B-tree, and the full-text index gives the newest match first by itself.
 */
import { assert, OperationalError, type SqlDatabase } from "@hawser/base";

const V1 = `
CREATE TABLE kv (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE conversations (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL DEFAULT '',
  last_order INTEGER NOT NULL DEFAULT 0,
  unread INTEGER NOT NULL DEFAULT 0,
  read_order INTEGER NOT NULL DEFAULT 0,
  pinned INTEGER NOT NULL DEFAULT 0,
  archived INTEGER NOT NULL DEFAULT 0,
  muted_until_ms INTEGER NOT NULL DEFAULT 0,
  draft TEXT NOT NULL DEFAULT '',
  accepted INTEGER NOT NULL DEFAULT 1,
  history_complete INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX conversations_listed ON conversations (archived, pinned DESC, last_order DESC);

CREATE TABLE messages (
  order_key INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  conversation INTEGER NOT NULL REFERENCES conversations (row),
  sent_at_ms INTEGER NOT NULL,
  outgoing INTEGER NOT NULL,
  sender_account TEXT,
  sender_name TEXT NOT NULL DEFAULT '',
  kind INTEGER NOT NULL DEFAULT 0,
  status INTEGER NOT NULL,
  text TEXT NOT NULL,
  quoted BLOB,
  attachment_count INTEGER NOT NULL DEFAULT 0,
  scope TEXT GENERATED ALWAYS AS ('c' || conversation) VIRTUAL
) STRICT;
CREATE INDEX messages_by_conversation ON messages (conversation, order_key);

CREATE TABLE attachments (
  message INTEGER NOT NULL REFERENCES messages (order_key) ON DELETE CASCADE,
  idx INTEGER NOT NULL,
  blob TEXT,
  key BLOB,
  size_bytes INTEGER NOT NULL,
  media_type TEXT NOT NULL,
  file_name TEXT NOT NULL,
  width INTEGER NOT NULL DEFAULT 0,
  height INTEGER NOT NULL DEFAULT 0,
  thumbnail BLOB,
  local_id TEXT,
  PRIMARY KEY (message, idx)
) STRICT;

CREATE VIRTUAL TABLE messages_fts USING fts5 (
  text, scope, content = 'messages', content_rowid = 'order_key', tokenize = "unicode61 remove_diacritics 2", prefix = '2 3'
);
CREATE TRIGGER messages_fts_insert AFTER INSERT ON messages WHEN new.text <> '' BEGIN
  INSERT INTO messages_fts (rowid, text, scope) VALUES (new.order_key, new.text, 'c' || new.conversation);
END;
CREATE TRIGGER messages_fts_delete AFTER DELETE ON messages WHEN old.text <> '' BEGIN
  INSERT INTO messages_fts (messages_fts, rowid, text, scope) VALUES ('delete', old.order_key, old.text, 'c' || old.conversation);
END;
CREATE TRIGGER messages_fts_update AFTER UPDATE OF text ON messages WHEN old.text <> new.text BEGIN
  INSERT INTO messages_fts (messages_fts, rowid, text, scope)
    SELECT 'delete', old.order_key, old.text, 'c' || old.conversation WHERE old.text <> '';
  INSERT INTO messages_fts (rowid, text, scope) SELECT new.order_key, new.text, 'c' || new.conversation WHERE new.text <> '';
END;

CREATE TABLE contacts (
  account TEXT PRIMARY KEY,
  name TEXT NOT NULL DEFAULT '',
  profile_name TEXT NOT NULL DEFAULT '',
  handle TEXT NOT NULL DEFAULT '',
  verified INTEGER NOT NULL DEFAULT 0,
  blocked INTEGER NOT NULL DEFAULT 0,
  listed INTEGER NOT NULL DEFAULT 0,
  added_at_ms INTEGER NOT NULL DEFAULT 0,
  profile_sent INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE device_lists (
  account TEXT NOT NULL,
  number INTEGER NOT NULL,
  payload BLOB NOT NULL,
  signature BLOB NOT NULL,
  PRIMARY KEY (account, number)
) STRICT;

CREATE TABLE sessions (
  account TEXT NOT NULL,
  device INTEGER NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY (account, device)
) STRICT;

CREATE TABLE pre_keys (
  kind INTEGER NOT NULL,
  id INTEGER NOT NULL,
  public_key BLOB NOT NULL,
  secret_key BLOB NOT NULL,
  signature BLOB,
  last_resort INTEGER NOT NULL DEFAULT 0,
  uploaded INTEGER NOT NULL DEFAULT 0,
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT;

CREATE TABLE outbox (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  message_id BLOB NOT NULL UNIQUE,
  audience INTEGER NOT NULL,
  account TEXT NOT NULL,
  device INTEGER NOT NULL DEFAULT 0,
  fresh_session INTEGER NOT NULL DEFAULT 0,
  uploads TEXT NOT NULL DEFAULT '',
  content BLOB NOT NULL,
  capsule_secret BLOB,
  frame BLOB,
  tries INTEGER NOT NULL DEFAULT 0,
  not_before_ms INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE sent_contents (
  message_id BLOB PRIMARY KEY,
  account TEXT NOT NULL,
  content BLOB NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sent_contents_by_age ON sent_contents (created_at_ms);

CREATE TABLE pending_resends (
  message_id BLOB PRIMARY KEY,
  account TEXT NOT NULL,
  device INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  last_request_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE state_entries (
  collection TEXT NOT NULL,
  key TEXT NOT NULL,
  value BLOB NOT NULL,
  time_ms INTEGER NOT NULL,
  counter INTEGER NOT NULL,
  device INTEGER NOT NULL,
  PRIMARY KEY (collection, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE history_jobs (
  job TEXT PRIMARY KEY,
  direction INTEGER NOT NULL,
  device INTEGER NOT NULL,
  state TEXT NOT NULL,
  finished INTEGER NOT NULL DEFAULT 0,
  created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE history_chunks (
  job TEXT NOT NULL,
  idx INTEGER NOT NULL,
  blob TEXT NOT NULL,
  key BLOB NOT NULL,
  message_count INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  committed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (job, idx)
) STRICT;

CREATE TABLE blobs (
  id TEXT NOT NULL,
  part INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (id, part)
) STRICT;
`;

/** What waits for others: bytes asked of own devices, accounts whose lists contradict each other, deliveries of senders without a list. */
const V2 = `
CREATE TABLE attachment_requests (
  asked_here INTEGER NOT NULL,
  message_id BLOB NOT NULL,
  idx INTEGER NOT NULL,
  device INTEGER NOT NULL,
  missing INTEGER NOT NULL DEFAULT 0,
  asked_at_ms INTEGER NOT NULL,
  PRIMARY KEY (asked_here, message_id, idx, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE list_conflicts (
  account TEXT PRIMARY KEY,
  cause TEXT NOT NULL,
  since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE held_deliveries (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  device INTEGER NOT NULL,
  message_id BLOB NOT NULL,
  server_time_ms INTEGER NOT NULL,
  capsule BLOB NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (account, device, message_id)
) STRICT;
`;

/** The devices a message was sealed for, as `account/device` with spaces between: only these may ask for it again. */
const V3 = "ALTER TABLE sent_contents ADD COLUMN recipients TEXT";

/** What this store has sealed lately, by which an older copy of it finds itself out. */
const V4 = `
CREATE TABLE sealed_ids (row INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE) STRICT;
INSERT INTO sealed_ids (id) SELECT message_id FROM outbox WHERE frame IS NOT NULL ORDER BY row;
`;

/** Lists outside the pinned chain, and lines that the program itself writes into a chat. */
const V5 = `
CREATE TABLE fork_lists (
  account TEXT NOT NULL,
  hash BLOB NOT NULL,
  number INTEGER NOT NULL,
  payload BLOB NOT NULL,
  signature BLOB NOT NULL,
  rejected INTEGER NOT NULL,
  PRIMARY KEY (account, hash)
) STRICT, WITHOUT ROWID;
ALTER TABLE messages ADD COLUMN notice TEXT NOT NULL DEFAULT '';
`;

/** Which messages are unread, one by one, and what was read on another device before it came to this one. */
const V6 = `
CREATE TABLE unread_messages (
  message INTEGER PRIMARY KEY REFERENCES messages (order_key) ON DELETE CASCADE,
  conversation INTEGER NOT NULL
) STRICT;
CREATE INDEX unread_messages_by_conversation ON unread_messages (conversation, message);
INSERT INTO unread_messages (message, conversation)
  SELECT m.order_key, m.conversation FROM conversations v JOIN messages m ON m.conversation = v.row AND m.order_key > v.read_order
  WHERE m.outgoing = 0 AND m.kind <> 1;
CREATE TABLE read_ahead (row INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE) STRICT;
`;

/**
 * What waits for the account's archive, while `archive_on` has a row: every message that comes, whichever way it comes. `noted_at_ms` 0: not
 * looked at yet. `tail`: it stands in the archive's newest chunk, which is written anew while it is small.
 */
const V7 = `
CREATE TABLE archive_on (archive TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE archive_rows (order_key INTEGER PRIMARY KEY, noted_at_ms INTEGER NOT NULL DEFAULT 0, tail INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX archive_rows_by_age ON archive_rows (tail, noted_at_ms);
CREATE TRIGGER archive_insert AFTER INSERT ON messages WHEN EXISTS (SELECT 1 FROM archive_on) BEGIN
  INSERT OR REPLACE INTO archive_rows (order_key) VALUES (new.order_key);
END;
CREATE TRIGGER archive_update AFTER UPDATE OF text, kind ON messages WHEN EXISTS (SELECT 1 FROM archive_on) BEGIN
  INSERT OR REPLACE INTO archive_rows (order_key) VALUES (new.order_key);
END;
`;

/** A hash of each row of shared state, by which a damaged one is known (NULL: written before), and pages of snapshots until all are there. */
const V8 = `
ALTER TABLE state_entries ADD COLUMN hash BLOB;
CREATE TABLE state_pages (
  collection TEXT NOT NULL,
  taken_at_ms INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  page BLOB NOT NULL,
  PRIMARY KEY (collection, taken_at_ms, idx)
) STRICT;
`;

const MIGRATIONS: readonly string[] = [V1, V2, V3, V4, V5, V6, V7, V8];
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings the database to `SCHEMA_VERSION`. Rejects a database that a newer program wrote: it is left untouched and the error says
 * so, because a downgrade that guesses loses keys.
 */
export function migrate(database: SqlDatabase): void {
  database.exec("PRAGMA foreign_keys = ON");
  const version = readVersion(database);
  if (version > SCHEMA_VERSION)
    throw new OperationalError("CLIENT_TOO_OLD", { message: `the store has schema ${version}, this program knows ${SCHEMA_VERSION}` });
  for (let next = version; next < SCHEMA_VERSION; next++) {
    database.transaction(() => {
      database.exec(MIGRATIONS[next]!);
      database.exec(`PRAGMA user_version = ${next + 1}`);
    });
  }
  assert(readVersion(database) === SCHEMA_VERSION, "the migrations did not reach the schema's version");
}

function readVersion(database: SqlDatabase): number {
  return database.prepare("PRAGMA user_version").get<{ user_version: number }>()?.user_version ?? 0;
}

/** Every table that holds user data or keys, in an order that respects references. */
export const WIPED_TABLES = [
  "unread_messages", "read_ahead", "attachments", "messages", "conversations", "contacts", "device_lists", "sessions", "pre_keys", "outbox", "sent_contents", "pending_resends",
  "state_entries", "state_pages", "history_jobs", "history_chunks", "blobs", "attachment_requests", "list_conflicts", "fork_lists", "held_deliveries", "sealed_ids",
  "archive_rows", "archive_on", "kv",
] as const; // prettier-ignore
