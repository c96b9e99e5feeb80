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
/** A source that is away finds the question in its mailbox: repeating it often would only fill that. */
export const MAX_ASK_AGAIN_MS = 900_000;
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
