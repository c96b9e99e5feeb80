/** Both ends of "I could not read this": what was sent lately and can be sent again, and what was asked for. */
import {
  type AccountId,
  type DeviceAddress,
  type DeviceNumber,
  type MessageId,
  messageIdFromBytes,
  messageIdToBytes,
  type SqlDatabase,
} from "@hawser/base";
import { KIND_CODES } from "./message-rows.ts";

export interface PendingResend {
  readonly messageId: MessageId;
  readonly sender: DeviceAddress;
  readonly requests: number;
  readonly lastRequestMs: number;
}

export interface ResendStore {
  keepSent(id: MessageId, account: AccountId, content: Uint8Array, nowMs: number): void;
  /** The content of a recent own message, whom it was for, and the devices it was sealed for, once it was. */
  findSent(
    id: MessageId,
  ): { readonly account: AccountId; readonly content: Uint8Array; readonly recipients: ReadonlySet<string> | undefined } | undefined;
  forgetSentBefore(ms: number): void;
  pending(id: MessageId): PendingResend | undefined;
  /** Those asked for fewer than `requests` times: the least often asked first, and of those the longest ago. */
  listPending(requests: number, limit: number): PendingResend[];
  countPending(): number;
  /** Says which of them had been asked for. */
  forgetPendingBefore(ms: number): MessageId[];
  putPending(pending: PendingResend): void;
  deletePending(id: MessageId): void;
  /** Who was asked `most` times may be asked once more. Says whether there is such a question. */
  allowOneMore(sender: DeviceAddress, most: number): boolean;
  /** Of messages that came another way. Says which of them had been asked for. */
  deleteFilled(): MessageId[];
}

interface PendingRow {
  readonly message_id: Uint8Array;
  readonly account: string;
  readonly device: number;
  readonly requests: number;
  readonly last_request_ms: number;
}

type EndedRow = Pick<PendingRow, "message_id" | "requests">;

const asked = (rows: readonly EndedRow[]): MessageId[] =>
  rows.filter(({ requests }) => requests > 0).map((row) => messageIdFromBytes(row.message_id));

export function openResends(database: SqlDatabase): ResendStore {
  const toPending = (row: PendingRow): PendingResend => ({
    messageId: messageIdFromBytes(row.message_id),
    sender: { account: row.account as AccountId, device: row.device as DeviceNumber },
    requests: row.requests,
    lastRequestMs: row.last_request_ms,
  });
  return {
    keepSent(id, account, content, nowMs) {
      database
        .prepare(
          "INSERT INTO sent_contents (message_id, account, content, created_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT (message_id) DO NOTHING",
        )
        .run(messageIdToBytes(id), account, content, nowMs);
    },
    findSent(id) {
      const row = database
        .prepare("SELECT account, content, recipients FROM sent_contents WHERE message_id = ?")
        .get<{ account: string; content: Uint8Array; recipients: string | null }>(messageIdToBytes(id));
      if (row === undefined) return undefined;
      return {
        account: row.account as AccountId,
        content: row.content,
        recipients: row.recipients === null ? undefined : new Set(row.recipients.split(" ")),
      };
    },
    forgetSentBefore(ms) {
      database.prepare("DELETE FROM sent_contents WHERE created_at_ms < ?").run(ms);
    },
    pending(id) {
      const row = database.prepare("SELECT * FROM pending_resends WHERE message_id = ?").get<PendingRow>(messageIdToBytes(id));
      return row === undefined ? undefined : toPending(row);
    },
    listPending: (requests, limit) =>
      database
        .prepare("SELECT * FROM pending_resends WHERE requests < ? ORDER BY requests, last_request_ms LIMIT ?")
        .all<PendingRow>(requests, limit)
        .map(toPending),
    countPending: () => database.prepare("SELECT count(*) AS n FROM pending_resends").get<{ n: number }>()!.n,
    forgetPendingBefore: (ms) =>
      asked(database.prepare("DELETE FROM pending_resends WHERE last_request_ms < ? RETURNING message_id, requests").all<EndedRow>(ms)),
    putPending({ messageId, sender, requests, lastRequestMs }) {
      database
        .prepare(
          `INSERT INTO pending_resends (message_id, account, device, requests, last_request_ms) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (message_id) DO UPDATE SET requests = excluded.requests, last_request_ms = excluded.last_request_ms`,
        )
        .run(messageIdToBytes(messageId), sender.account, sender.device, requests, lastRequestMs);
    },
    allowOneMore: ({ account, device }, most) =>
      database
        .prepare("UPDATE pending_resends SET requests = ? WHERE account = ? AND device = ? AND requests >= ?")
        .run(most - 1, account, device, most).changes > 0,
    deleteFilled: () =>
      asked(
        database
          .prepare(
            `DELETE FROM pending_resends WHERE EXISTS (SELECT 1 FROM messages WHERE id = message_id AND kind <> ${KIND_CODES.undecryptable})
             RETURNING message_id, requests`,
          )
          .all<EndedRow>(),
      ),
    deletePending(id) {
      database.prepare("DELETE FROM pending_resends WHERE message_id = ?").run(messageIdToBytes(id));
    },
  };
}
