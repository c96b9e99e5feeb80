/**
 * Bounds of everything that crosses the wire. Both sides check them: before writing by `assert`, after reading by a typed
 * error. docs/PROTOCOL.md, "Limits". Changing one is a protocol decision.
 */
export const PROTOCOL_MIN = 1;
export const PROTOCOL_MAX = 1;

export const MAX_FRAME_BYTES = 1_048_576;
/** A sealed body inside SEND. Larger content goes into a blob. */
export const MAX_BODY_BYTES = 262_144;
/** A capsule: a first (PQXDH) message takes about 1.9 KB. */
export const MAX_CAPSULE_BYTES = 4_096;
/** Accounts one SEND may address: the peer's and the own one today; groups use more. */
export const MAX_TARGETS_PER_SEND = 64;
export const MAX_CAPSULES_PER_TARGET = 16;

export const MAX_COMPANIONS = 10;
/** Companions, and two phones while moving from one to the other. */
export const MAX_DEVICES = 12;
export const MAX_REVOCATIONS_PER_LIST = 64;
export const MAX_DEVICE_LIST_BYTES = 16_384;
export const MAX_LISTS_PER_ANSWER = 256;
/**
 * Lists of one account: a link and its end every day for five years. Beyond, devices can still be removed, which ends by itself, and the
 * account be restored, so many times; nobody can fill a store with lists.
 */
export const MAX_CHAIN_LISTS = 4_096;
/** Numbers above it in which one new phone may take the place of all phones: who lost theirs is not locked out. */
export const RECOVERY_LISTS = 64;
export const MAX_SEALED_LABEL_BYTES = 256;

export const MAX_ONE_TIME_PRE_KEYS = 100;
export const MAX_ONE_TIME_KEM_PRE_KEYS = 20;

export const MIN_HANDLE_LENGTH = 3;
export const MAX_HANDLE_LENGTH = 32;
/** Lower-case letters, digits, `_` and `.`, beginning with a letter. */
export const HANDLE_PATTERN = /^[a-z][a-z0-9_.]{2,31}$/;

export const MAX_RENDEZVOUS_BODY_BYTES = 65_536;
export const MAX_RENDEZVOUS_SLOTS = 8;
export const RENDEZVOUS_LIFETIME_MS = 600_000;
/** Other servers that relay the links of one. */
export const MAX_LINK_NODES = 4;

export const MAX_BLOB_BYTES = 100 * 1_048_576;
export const MAX_RECOVERY_CAPSULE_BYTES = 4_096;
export const MAX_ARCHIVE_HEAD_BYTES = 65_536;
/** Blobs that one new head of an archive may drop. */
export const MAX_ARCHIVE_DROPS = 64;
export const MAX_THUMBNAIL_BYTES = 16_384;
export const MAX_ATTACHMENTS = 32;
export const MAX_TEXT_BYTES = 65_536;
export const MAX_RECEIPTS = 256;
export const MAX_STATE_UPDATES = 256;
/** Collections that one check compares. */
export const MAX_STATE_COLLECTIONS = 64;
/** Pages of one collection's snapshot: 32,768 rows. */
export const MAX_SNAPSHOT_PAGES = 128;
export const MAX_REQUESTS_UNDER_WAY = 64;
export const MAX_SENDS_UNDER_WAY = 1_024;
export const MAX_CAPABILITIES = 32;
/** Of one account. */
export const MAX_PASSKEYS = 8;
export const MAX_SHORT_TEXT_BYTES = 256;

export const MAX_MAILBOX_MESSAGES = 100_000;
export const MAX_MAILBOX_BYTES = 256 * 1_048_576;

/** A device that its account calls dormant was away for at most so long. */
export const MAX_DORMANT_AFTER_DAYS = 3_650;

/** A client acknowledges after so many deliveries or this much time, whichever comes first. */
export const CURSOR_EVERY_MESSAGES = 32;
export const CURSOR_EVERY_MS = 50;

/** Content is padded up to the next of these sizes, then to multiples of the last. */
export const PADDING_STEPS = [160, 320, 640, 1_280, 2_560, 5_120, 10_240, 20_480, 40_960] as const;

/** Outcomes of one report, and attempts that one of them may count. */
export const MAX_OUTCOMES_PER_REPORT = 64;
export const MAX_OUTCOME_COUNT = 65_536;
/** How long an attempt took, as the index of the first bound that it does not exceed. */
export const OUTCOME_DURATION_BUCKETS_MS = [100, 300, 1_000, 3_000, 10_000, 30_000, 60_000, 180_000, 600_000] as const;
/** Older outcomes are of no use: a week, in quarters of an hour. */
export const MAX_OUTCOME_AGE_QUARTERS = 672;
