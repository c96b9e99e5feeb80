/**
 * What has to be sent, in order, until the server has acknowledged it. Invariant: `frame` is set in the transaction that moves the
 * ratchets it was made with; from then on the same bytes go out however often, until a newer device list corrects them.
 */
import {
  type AccountId,
  accountIdFromBytes,
  assert,
  type DeviceAddress,
  type DeviceNumber,
  formatAddress,
  type MessageId,
  messageIdFromBytes,
  messageIdToBytes,
  must,
  type SqlDatabase,
} from "@hawser/base";
import { decodeSend } from "@hawser/wire";
import { STATUS_CODES } from "./message-rows.ts";
import type { SealedIdStore } from "./sealed-ids.ts";

/** Who shall get it: a conversation's devices and the own other ones, only the own other ones, or one device. */
export type Audience = "conversation" | "peer" | "own" | "device";
const AUDIENCES: readonly Audience[] = ["conversation", "own", "device", "peer"];

export interface OutboxRow {
  readonly row: number;
  readonly messageId: MessageId;
  readonly audience: Audience;
  readonly account: AccountId;
  readonly device: DeviceNumber;
  /** Open a new session first: this device cannot read what comes in the one there was when the row was written. */
  readonly freshSession: boolean;
  /** Blobs that have to be on the server first. */
  readonly uploads: readonly string[];
  /** A serialized `Content` without padding. */
  readonly content: Uint8Array;
  /** Body key ‖ SHA-256 of the sealed body; there once `frame` is. */
  readonly capsuleSecret: Uint8Array | undefined;
  /** An encoded SEND frame with request 0. */
  readonly frame: Uint8Array | undefined;
  readonly tries: number;
  readonly notBeforeMs: number;
}

export interface OutboxStore {
  add(
    entry: Pick<OutboxRow, "messageId" | "audience" | "account" | "content"> &
      Partial<Pick<OutboxRow, "device" | "freshSession" | "uploads">>,
  ): void;
  /** In order; rows above `afterRow` only. */
  list(afterRow: number, limit: number): OutboxRow[];
  find(row: number): OutboxRow | undefined;
  setFrame(row: number, frame: Uint8Array, capsuleSecret: Uint8Array): void;
  /** A session was opened with that device: it is the fresh one for all that waits for one. */
  sessionOpened(address: DeviceAddress): void;
  /** Forgets every sealed frame: the contents are sealed again, in sessions that are opened for them. */
  unseal(): void;
  /** The same for what is meant for one account. */
  unsealFor(account: AccountId): void;
  uploaded(row: number): void;
  delay(row: number, notBeforeMs: number, tries: number): void;
  retryNow(): void;
  delete(row: number): void;
  count(): number;
  hasMessage(id: MessageId): boolean;
  /** Messages of this device that are said to wait and do not: damage to the store took them from here. */
  lost(): MessageId[];
  /** Whether the same content waits for this device alone. */
  hasCopyFor(address: DeviceAddress, content: Uint8Array): boolean;
  /** Messages that wait for one device each. */
  copies(): { readonly count: number; readonly bytes: number };
}

interface StoredRow {
  readonly row: number;
  readonly message_id: Uint8Array;
  readonly audience: number;
  readonly account: string;
  readonly device: number;
  readonly fresh_session: number;
  readonly uploads: string;
  readonly content: Uint8Array;
  readonly capsule_secret: Uint8Array | null;
  readonly frame: Uint8Array | null;
  readonly tries: number;
  readonly not_before_ms: number;
}

function recipientsOf(frame: Uint8Array): string {
  const { targets } = must(decodeSend(frame), "own frame");
  return targets
    .flatMap(({ account, capsules }) =>
      capsules.map(({ device }) => formatAddress({ account: accountIdFromBytes(account), device: device as DeviceNumber })),
    )
    .join(" ");
}

export function openOutbox(database: SqlDatabase, sealedIds: SealedIdStore): OutboxStore {
  const toRow = (stored: StoredRow): OutboxRow => ({
    row: stored.row,
    messageId: messageIdFromBytes(stored.message_id),
    audience: AUDIENCES[stored.audience]!,
    account: stored.account as AccountId,
    device: stored.device as DeviceNumber,
    freshSession: stored.fresh_session === 1,
    uploads: stored.uploads === "" ? [] : stored.uploads.split(" "),
    content: stored.content,
    capsuleSecret: stored.capsule_secret ?? undefined,
    frame: stored.frame ?? undefined,
    tries: stored.tries,
    notBeforeMs: stored.not_before_ms,
  });
  return {
    add(entry) {
      assert(database.inTransaction, "the outbox is written inside a transaction");
      database
        .prepare(
          `INSERT INTO outbox (message_id, audience, account, device, fresh_session, uploads, content) VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (message_id) DO NOTHING`,
        )
        .run(
          messageIdToBytes(entry.messageId),
          AUDIENCES.indexOf(entry.audience),
          entry.account,
          entry.device ?? 0,
          entry.freshSession === true ? 1 : 0,
          (entry.uploads ?? []).join(" "),
          entry.content,
        );
    },
    list: (afterRow, limit) =>
      database.prepare("SELECT * FROM outbox WHERE row > ? ORDER BY row LIMIT ?").all<StoredRow>(afterRow, limit).map(toRow),
    find(row) {
      const stored = database.prepare("SELECT * FROM outbox WHERE row = ?").get<StoredRow>(row);
      return stored === undefined ? undefined : toRow(stored);
    },
    setFrame(row, frame, capsuleSecret) {
      assert(database.inTransaction, "ciphertext and ratchets change in one transaction");
      database.prepare("UPDATE outbox SET frame = ?, capsule_secret = ? WHERE row = ?").run(frame, capsuleSecret, row);
      database
        .prepare("UPDATE sent_contents SET recipients = ? WHERE message_id = (SELECT message_id FROM outbox WHERE row = ?)")
        .run(recipientsOf(frame), row);
      sealedIds.add(messageIdFromBytes(must(decodeSend(frame), "own frame").messageId));
    },
    sessionOpened({ account, device }) {
      assert(database.inTransaction, "sessions are opened inside a transaction");
      database.prepare("UPDATE outbox SET fresh_session = 0 WHERE account = ? AND device = ? AND fresh_session = 1").run(account, device);
    },
    unseal() {
      assert(database.inTransaction, "ciphertext and ratchets change in one transaction");
      database.prepare("UPDATE outbox SET frame = NULL, capsule_secret = NULL WHERE frame IS NOT NULL").run();
    },
    unsealFor(account) {
      assert(database.inTransaction, "ciphertext and ratchets change in one transaction");
      database.prepare("UPDATE outbox SET frame = NULL, capsule_secret = NULL WHERE account = ? AND frame IS NOT NULL").run(account);
    },
    uploaded(row) {
      database.prepare("UPDATE outbox SET uploads = '' WHERE row = ?").run(row);
    },
    delay(row, notBeforeMs, tries) {
      database.prepare("UPDATE outbox SET not_before_ms = ?, tries = ? WHERE row = ?").run(notBeforeMs, tries, row);
    },
    retryNow() {
      database.prepare("UPDATE outbox SET not_before_ms = 0 WHERE not_before_ms <> 0").run();
    },
    delete(row) {
      database.prepare("DELETE FROM outbox WHERE row = ?").run(row);
    },
    count: () => database.prepare("SELECT count(*) AS n FROM outbox").get<{ n: number }>()!.n,
    hasMessage: (id) => database.prepare("SELECT 1 AS found FROM outbox WHERE message_id = ?").get(messageIdToBytes(id)) !== undefined,
    lost: () =>
      database
        .prepare(
          `SELECT id FROM messages WHERE outgoing = 1 AND status = ${STATUS_CODES.queued} AND id NOT IN (SELECT message_id FROM outbox) ORDER BY order_key`,
        )
        .all<{ id: Uint8Array }>()
        .map(({ id }) => messageIdFromBytes(id)),
    hasCopyFor: ({ account, device }, content) =>
      database
        .prepare(
          `SELECT 1 AS found FROM outbox WHERE audience = ${AUDIENCES.indexOf("device")} AND account = ? AND device = ? AND content = ? LIMIT 1`,
        )
        .get(account, device, content) !== undefined,
    copies: () =>
      database
        .prepare(
          `SELECT count(*) AS count, coalesce(sum(length(content)), 0) AS bytes FROM outbox WHERE audience = ${AUDIENCES.indexOf("device")}`,
        )
        .get<{ count: number; bytes: number }>()!,
  };
}
