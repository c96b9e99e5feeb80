/** Named bounds of the client. What crosses the wire is bounded in `@hawser/wire`. */

/** `order_key` = milliseconds × this + a counter. */
export const ORDER_STEPS_PER_MS = 1_000;
/** A message's place in time is at most so far before the moment the server took it, whatever the sender's clock says. */
export const MAX_ORDER_BEFORE_SERVER_MS = 24 * 3_600_000;
/** Nor does it stand further behind this device's own time, whatever the server's clock says. */
export const MAX_ORDER_AFTER_NOW_MS = 24 * 3_600_000;
/** The start of the year 2100: no later time is taken from outside, so that every time can be shown and multiplied. */
export const MAX_TIME_MS = 4_102_444_800_000;

export const MAX_PAGE_MESSAGES = 500;
export const MAX_PAGE_CONVERSATIONS = 500;
export const MAX_SEARCH_HITS = 200;
export const MAX_SEARCH_WORDS = 16;
export const SNIPPET_LENGTH = 120;

export const MAX_NAME_LENGTH = 64;
export const MAX_DRAFT_LENGTH = 65_536;

/** Of the word that names a line which the program itself writes. */
export const MAX_NOTICE_LENGTH = 64;

/** Ids of messages that were read on another device and have not come to this one. */
export const MAX_READ_AHEAD = 4_096;
/** Ids in one content about what is read and unread. */
export const MAX_READ_IDS = 1_024;

/** Thumbnails of one message together, so that its body keeps below `MAX_BODY_BYTES` whatever else it holds. */
export const MAX_THUMBNAILS_PER_MESSAGE_BYTES = 131_072;
/** Pixels of a side; more is nobody's screen. */
export const MAX_PICTURE_SIDE = 65_535;

/** Bytes of one row in the blobs table. */
export const BLOB_PART_BYTES = 1_048_576;

/** Content that can be sent again on request. */
export const RESEND_KEPT_MS = 14 * 24 * 3_600_000;
/** How often one undecryptable message is asked for, and how long between two requests. */
export const MAX_RESEND_REQUESTS = 5;
export const RESEND_AGAIN_AFTER_MS = 60_000;
/** Whether who was asked in vain still stands in its list is looked at again after so long, of so many accounts at once. */
export const SILENT_SENDERS_AGAIN_AFTER_MS = 10 * 60_000;
export const MAX_SILENT_SENDERS = 20;
/** Answers one device may have of us in this time, and fresh sessions it may make us open by sending what cannot be read. */
export const MAX_RESENDS_PER_DEVICE_PER_HOUR = 100;
/** Unreadable messages remembered at once; beyond, they stay a line that nobody asks about. */
export const MAX_PENDING_RESENDS = 2_000;
/** Requests whose answer waits until nothing is missing here; beyond, the answer is that there is nothing. */
export const MAX_OWED_RESENDS = 256;
/** Requests repeated at one connection. */
export const MAX_RESENDS_ASKED_AGAIN = 100;

/** Frames handed to the connection and not acknowledged yet. */
export const OUTBOX_WINDOW = 64;
/** Rows prepared in one pass of the pump. */
export const OUTBOX_BATCH = 32;
/** Messages sealed lately that are remembered: many times what can be sealed and not stored by the server. */
export const MAX_SEALED_IDS = 1_024;
export const OUTBOX_FIRST_RETRY_MS = 1_000;
export const OUTBOX_MAX_RETRY_MS = 60_000;
/** Corrections of one send by newer device lists before it waits. */
export const MAX_STALE_CORRECTIONS = 8;

/** A device linked a moment ago has not uploaded its keys: a message waits for it a little, and only a few times. */
export const YOUNG_DEVICE_MS = 60_000;
export const WAIT_FOR_KEYS_MS = 200;
export const MAX_WAITS_FOR_KEYS = 10;
/** How long a device that has no keys on the server is not asked for again. */
export const KEYLESS_FOR_MS = 30_000;
/** A new device whose first keys are on the server later than this after it was added may have been left out of something. */
export const LATE_KEYS_AFTER_MS = 10_000;
/** Messages kept for devices that have no keys yet, all of them together: nobody fills a store by listing devices that never come. */
export const MAX_LATE_COPIES = 2_000;
export const MAX_LATE_COPY_BYTES = 32 * 1_048_576;

/** Deliveries kept in memory while a sender's device list is fetched; the server repeats the rest. */
export const MAX_RECEIVE_QUEUE = 4_096;
export const RECEIVE_BATCH = 64;
/** Deliveries of senders whose list cannot be had: kept, and looked up again. What is beyond shows as a line that cannot be read. */
export const MAX_HELD_DELIVERIES = 512;
export const MAX_HELD_BYTES = 32 * 1_048_576;
export const HELD_RETRY_MS = 60_000;
export const MAX_LOOKUPS_PER_RETRY = 64;

/** After trouble that a fresh connection may heal (a list that could not be fetched). */
export const RECONNECT_AFTER_TROUBLE_MS = 2_000;
/** How long a call that needs the server waits for a connection. */
export const ONLINE_TIMEOUT_MS = 10_000;
export const REQUEST_TIMEOUT_MS = 15_000;
export const BLOB_TIMEOUT_MS = 60_000;
/** Alerts about own devices that nobody has answered, and how long "remove it" can be taken back. */
export const MAX_DEVICE_ALERTS = 32;
export const REMOVAL_UNDO_MS = 8_000;
/** Different outcomes kept until they are reported, how often they are, and how soon they are on disk. */
export const MAX_KEPT_OUTCOMES = 256;
export const OUTCOME_REPORT_EVERY_MS = 60_000;
export const OUTCOMES_SAVED_AFTER_MS = 2_000;
/** Larger blobs are uploaded piece by piece, and go on where they stopped. */
export const BLOB_PIECE_BYTES = 4 * 1_048_576;
export const MAX_PIECES_PER_UPLOAD = 64;

export const ONE_TIME_KEYS_TARGET = 50;
export const ONE_TIME_KEYS_LOW = 20;
export const KEM_KEYS_TARGET = 10;
export const KEM_KEYS_LOW = 4;
/** Secret halves kept, several times what a server stores: a claimed key may be used after months, one of so many years ago never. */
export const MAX_KEPT_ONE_TIME_KEYS = 1_000;
export const MAX_KEPT_KEM_KEYS = 200;
/** Ids of prekeys that a store which starts afresh leaves out, so that none is given out with two meanings. */
export const PRE_KEY_IDS_SKIPPED = 1_000;
/** A server that names higher ones is not believed: ids have 32 bits. */
export const MAX_PREKEY_ID = 0x7fff_ffff;
export const SIGNED_PRE_KEY_ROTATE_MS = 7 * 24 * 3_600_000;
/** Old signed prekeys open messages that waited in a mailbox. */
export const SIGNED_PRE_KEY_KEPT_MS = 90 * 24 * 3_600_000;

/** Signed lists of one account that stand outside its pinned chain: enough to show what it parted into. */
export const MAX_FORK_LISTS_PER_ACCOUNT = 128;
/** Chosen lists that travel with the choice; a longer branch is asked of the server. */
export const MAX_CHOSEN_LISTS_BYTES = 65_536;
/** Verified device lists held in memory. */
export const MAX_CACHED_LISTS = 2_048;
/** What is missing may stand so far before the last delivery that came: by its sender's clock, and by when it was written. */
export const GAP_MARGIN_MS = 3 * 24 * 3_600_000;
/** Conversations whose size is compared after a gap was filled. */
export const MAX_COMPARED_CONVERSATIONS = 500;
/** How far a row's place at a history source may lie from its time of sending (clocks of senders, messages sent late). */
export const MAX_HISTORY_SHIFT_MS = 31 * 24 * 3_600_000;
/** Conversations whose size is remembered while their history goes out. */
export const MAX_REMEMBERED_TOTALS = 10_000;
/** Imports that were previewed and not run. */
export const MAX_OPEN_IMPORTS = 4;
export const MAX_MEDIA_BYTES_PER_IMPORT_FILE = 100 * 1_048_576;

/** How long a person's wish for an attachment waits before it is answered with "not now"; the request itself goes on. */
export const ATTACHMENT_DEADLINE_MS = 30_000;
/** Without an answer for so long, the next own device is asked as well. */
export const ASK_NEXT_DEVICE_AFTER_MS = 8_000;
/** An unanswered request is repeated on a new connection after so long: the device may have lost it. */
export const ASK_ATTACHMENT_AGAIN_AFTER_MS = 3_600_000;
export const ATTACHMENT_REQUEST_KEPT_MS = 14 * 24 * 3_600_000;
/** Wishes that wait side by side, and requests kept in the store, each way. */
export const MAX_ATTACHMENT_WAITS = 64;
export const MAX_ATTACHMENT_REQUESTS = 512;
/** Attachments that were uploaded for an own device lately: another one gets the same blob. */
export const MAX_REMEMBERED_UPLOADS = 64;
export const REMEMBERED_UPLOAD_MS = 3_600_000;
export const ATTACHMENT_UPLOAD_RETRY_MS = 10_000;

/** Lines of one kind in the log of recent changes. */
export const MAX_CHANGES_PER_KIND = 8;
/** Differences between two measured offsets below this are the measurement's. */
export const CLOCK_JUMP_MS = 60_000;
/** Single failures heal before anyone asks about them. */
export const CONNECTION_LOST_AFTER_ATTEMPTS = 2;
/** Larger stores are checked in their first pages only: reading them through takes longer than a verdict may. */
export const MAX_CHECKED_STORE_BYTES = 64 * 1_048_576;

/** What a device sent is read when the server took it at most so long after the time of its revocation: the phone's clock may be wrong. */
export const MAX_REVOCATION_LAG_MS = 24 * 3_600_000;

/** After a connection, until what waited in the mailbox has been read. */
export const STATE_CHECK_AFTER_MS = 3_000;
/** A companion compares its shared state with the phone's so often. */
export const STATE_CHECK_EVERY_MS = 24 * 3_600_000;
/** Without an answer it asks again, each time after twice as long. */
export const STATE_CHECK_AGAIN_AFTER_MS = 6 * 3_600_000;
export const MAX_STATE_CHECK_PAUSE_MS = 16 * 24 * 3_600_000;
/** A phone's invitation does not make a companion ask more often than this. */
export const MIN_STATE_CHECK_PAUSE_MS = 60_000;
/** Questions of one companion that a phone answers; snapshots are large. */
export const MAX_STATE_ANSWERS_PER_HOUR = 6;
