/** The named bounds of the mailboxes. Those that clients can see stand in `@hawser/wire`'s limits. */

/** What may wait for one device. */
export interface MailboxLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** A block is committed early when it has grown to this size. */
export const BLOCK_TARGET_BYTES = 1_048_576;
/** Positions are `block index × BLOCK_SPAN + offset`: a block is always smaller than this, whatever its last record was. */
export const BLOCK_SPAN = 4_194_304;
/** Contents of recent blocks kept in memory; older ones are read from the log when needed. */
export const MAX_BLOCK_MEMORY_BYTES = 64 * 1_048_576;
/** Blocks read back from the log that are kept for the next read. */
export const MAX_REREAD_BLOCKS = 8;
/**
 * A sync beside the work that has not come back after this long is waited for instead: the pool it runs in serves other files, too, and
 * a message must not wait behind them.
 */
export const SYNC_PATIENCE_MS = 250;
/** How often cursors are written and dead blocks dropped. A cursor lost in between only means delivery again. */
export const UPKEEP_EVERY_MS = 100;
/** A message not fetched after this long moves from the block log to the cold table. */
export const SURVIVOR_AGE_MS = 15_000;
/** Copies moved to the cold table in one upkeep, unless a single block holds more: bounds how long others wait. */
export const MAX_MOVED_PER_UPKEEP = 1_000;
/** What is read from the cold table at once: about so many bytes, and never more rows. */
export const COLD_PAGE_BYTES = 65_536;
export const MAX_COLD_PAGE_ROWS = 256;
/** An overflowing mailbox drops so many messages more than it must, so that it does not drop at every message. */
export const OVERFLOW_SLACK_MESSAGES = 1_000;

/** Messages wait at least 60 days for their device. */
export const RETENTION_MS = 60 * 86_400_000;
export const RETENTION_EVERY_MS = 3_600_000;
/** Mailboxes cleaned in one pass; the rest waits for the next. */
export const MAX_EXPIRED_PER_PASS = 256;

/** Message ids remembered for one sending device: twice what it may have under way. */
export const MAX_REMEMBERED_PER_SENDER = 2_048;
/** Message ids remembered for all senders together; the longest silent senders are forgotten first. */
export const MAX_REMEMBERED_IDS = 1_048_576;
/** What is remembered across a restart: for so long and so much. */
export const REMEMBER_SENT_MS = 86_400_000;
export const MAX_REMEMBERED_BYTES_ON_DISK = 16 * 1_048_576;
