/** Named bounds of history and state synchronisation. */

/** Messages in one history chunk; small enough to resume cheaply, large enough to compress well. */
export const MAX_CHUNK_MESSAGES = 1_000;
/** Serialized size at which a chunk is closed early. One entry more may pass it. */
export const TARGET_CHUNK_BYTES = 524_288;
/** A chunk that unpacks to more is refused: a bomb. */
export const MAX_CHUNK_BYTES = 4_194_304;
/** The inline first screen must fit into one message body. */
export const MAX_FIRST_SCREEN_BYTES = 180_000;
export const FIRST_SCREEN_CONVERSATIONS = 30;
export const FIRST_SCREEN_MESSAGES = 20;
/** Chunks of one job; 1,000 × 20,000 is 20 million messages. */
export const MAX_CHUNKS = 20_000;
/** Chunks a source builds and uploads side by side. */
export const UPLOAD_WINDOW = 4;
/** Chunks a sink fetches side by side. */
export const FETCH_WINDOW = 4;
/** Without progress for so long, a screen says that history is stalled (it goes on trying). */
export const STALLED_AFTER_MS = 15_000;
/** Without progress for so long, the sink asks its source again; each time without an answer it waits twice as long. */
export const ASK_AGAIN_AFTER_MS = 30_000;
/** A source that is there and does not move. */
export const MAX_ASK_AGAIN_MS = 900_000;
/** One that gives no sign finds the question in its mailbox when it comes: repeating it would only fill that, for months perhaps. */
export const MAX_ASK_ABSENT_MS = 604_800_000;
/** Without progress for so long, another source is asked as well. Longer than a source that hears of it needs to answer. */
export const CHANGE_SOURCE_AFTER_MS = 30_000;
export const FIRST_RETRY_MS = 500;
export const MAX_RETRY_MS = 60_000;
/** Failed tries at one chunk after which the source is asked to upload it again. */
export const TRIES_BEFORE_REUPLOAD = 3;
/** Missing chunks named in one request. */
export const MAX_MISSING_PER_PROGRESS = 256;
/** A sink reports after so many chunks, and at the end. */
export const PROGRESS_EVERY_CHUNKS = 8;
/** An upload ends by then, whatever the world does: its requests have deadlines of their own, which together are shorter. */
export const UPLOAD_ENDS_WITHIN_MS = 300_000;

/** A new device to which nobody hands history for so long takes it from the archive. */
export const ARCHIVE_AFTER_MS = 5_000;
/** Entries that the head of an archive holds before its oldest become a page: about 25 KB. */
export const MAX_HEAD_ENTRIES = 256;
export const SPILLED_ENTRIES = 192;
export const MAX_ARCHIVE_PAGES = 128;
/** With so many messages waiting, an archive's writer waits no longer. */
export const ARCHIVE_FLUSH_MESSAGES = 500;
/** A newest chunk with fewer is written anew together with what comes next: chunks stay few. */
export const ARCHIVE_FULL_CHUNK_MESSAGES = 500;
/** No message waits longer, while its writer is connected. */
export const ARCHIVE_FLUSH_AFTER_MS = 120_000;
/** What the phone has not written for so long, a companion writes. */
export const ARCHIVE_TAKE_OVER_AFTER_MS = 3_600_000;
/** Between a message's arrival at one device and at another. What the phone was done with so long after, a companion need not write. */
export const ARCHIVE_SLACK_MS = 600_000;
export const ARCHIVE_LOOK_EVERY_MS = 60_000;
/** A head that no device of the list vouches for: so long the other devices have to replace it before the archive is begun anew. */
export const ARCHIVE_ANEW_AFTER_MS = 60_000;
/** A removal waits so long for what the device has written last. */
export const ARCHIVE_LAST_LOOK_MS = 2_000;
/** A full quota, or a head that cannot be believed: looked at again, seldom. */
export const ARCHIVE_TROUBLE_PAUSE_MS = 3_600_000;

/** Size of rows at which a snapshot's page is closed. One row more may pass it; a page fits into a body. */
export const TARGET_SNAPSHOT_PAGE_BYTES = 131_072;
