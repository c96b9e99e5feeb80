/** Reads a mailbox in sequence order: first the cold table, then the log. */
import { assert } from "@hawser/base";
import type { BlockLog } from "./block-log.ts";
import { type CopySink, readColdCopy, readCopy } from "./block-record.ts";
import type { Mailbox } from "./mailbox.ts";
import { COLD_PAGE_BYTES, MAX_COLD_PAGE_ROWS } from "./mailbox-bounds.ts";
import type { MailboxStore } from "./mailbox-store.ts";

/** Hands out committed messages after `afterSequence` until the sink is full; returns the last sequence it took. */
export function readMailbox(store: MailboxStore, log: BlockLog, mailbox: Mailbox, afterSequence: number, sink: CopySink): number {
  let at = Math.max(afterSequence, mailbox.cursor, mailbox.dropped);
  while (mailbox.coldCount > 0 && at < mailbox.coldLast) {
    const averageBytes = Math.max(1, mailbox.coldBytes / mailbox.coldCount);
    const limit = Math.max(1, Math.min(MAX_COLD_PAGE_ROWS, Math.ceil(COLD_PAGE_BYTES / averageBytes)));
    const rows = store.coldPage(mailbox.row, at, limit);
    assert(rows.length > 0, "cold messages are missing");
    for (const row of rows) {
      if (!readColdCopy(row.data, row.sequence, sink)) return at;
      at = row.sequence;
    }
  }
  const { ring } = mailbox;
  if (ring === undefined || ring.count === 0) return at;
  for (let sequence = Math.max(at + 1, ring.firstSequence); sequence <= ring.lastSequence; sequence++) {
    const { block, offset } = log.at(ring.position(sequence));
    if (!readCopy(log.bytesOf(block), offset, sequence, sink)) return at;
    at = sequence;
  }
  return at;
}
