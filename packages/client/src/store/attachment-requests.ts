/** Bytes of attachments that this device asked other own devices for, and that they asked of it. One row a question and device. */
import { type DeviceNumber, type MessageId, messageIdFromBytes, messageIdToBytes, type SqlDatabase } from "@hawser/base";

export interface AttachmentQuestion {
  readonly messageId: MessageId;
  readonly index: number;
  /** The device that was asked, or that asks. */
  readonly device: DeviceNumber;
  /** It answered that it has nothing either. */
  readonly missing: boolean;
  readonly askedAtMs: number;
}

export type Direction = "asked-here" | "asked-of-us";

export interface AttachmentRequestStore {
  put(direction: Direction, question: AttachmentQuestion): void;
  /** Everything asked about one attachment. */
  of(direction: Direction, id: MessageId, index: number): AttachmentQuestion[];
  /** The oldest first. */
  list(direction: Direction, limit: number): AttachmentQuestion[];
  count(direction: Direction): number;
  delete(direction: Direction, id: MessageId, index: number, device?: DeviceNumber): void;
  forgetBefore(ms: number): void;
}

interface Row {
  readonly message_id: Uint8Array;
  readonly idx: number;
  readonly device: number;
  readonly missing: number;
  readonly asked_at_ms: number;
}

const code = (direction: Direction): number => (direction === "asked-here" ? 1 : 0);

export function openAttachmentRequests(database: SqlDatabase): AttachmentRequestStore {
  const toQuestion = (row: Row): AttachmentQuestion => ({
    messageId: messageIdFromBytes(row.message_id),
    index: row.idx,
    device: row.device as DeviceNumber,
    missing: row.missing === 1,
    askedAtMs: row.asked_at_ms,
  });
  return {
    put(direction, { messageId, index, device, missing, askedAtMs }) {
      database
        .prepare(
          `INSERT INTO attachment_requests (asked_here, message_id, idx, device, missing, asked_at_ms) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (asked_here, message_id, idx, device) DO UPDATE SET missing = excluded.missing, asked_at_ms = excluded.asked_at_ms`,
        )
        .run(code(direction), messageIdToBytes(messageId), index, device, missing ? 1 : 0, askedAtMs);
    },
    of: (direction, id, index) =>
      database
        .prepare("SELECT * FROM attachment_requests WHERE asked_here = ? AND message_id = ? AND idx = ?")
        .all<Row>(code(direction), messageIdToBytes(id), index)
        .map(toQuestion),
    list: (direction, limit) =>
      database
        .prepare("SELECT * FROM attachment_requests WHERE asked_here = ? ORDER BY asked_at_ms, message_id, idx, device LIMIT ?")
        .all<Row>(code(direction), limit)
        .map(toQuestion),
    count: (direction) =>
      database.prepare("SELECT count(*) AS n FROM attachment_requests WHERE asked_here = ?").get<{ n: number }>(code(direction))!.n,
    delete(direction, id, index, device) {
      const statement = "DELETE FROM attachment_requests WHERE asked_here = ? AND message_id = ? AND idx = ?";
      if (device === undefined) database.prepare(statement).run(code(direction), messageIdToBytes(id), index);
      else database.prepare(`${statement} AND device = ?`).run(code(direction), messageIdToBytes(id), index, device);
    },
    forgetBefore(ms) {
      database.prepare("DELETE FROM attachment_requests WHERE asked_at_ms < ?").run(ms);
    },
  };
}
