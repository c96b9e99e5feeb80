/** Every bound of the importer in one place. A file beyond one of them is refused with the `ImportError` named beside it. */

/** A text that is longer is refused before it is read (`file-too-large`). */
export const MAX_TEXT_BYTES = 512 * 1024 * 1024;
/** One physical line, in UTF-16 units (`line-too-long`). WhatsApp's longest message has 65,536. */
export const MAX_LINE_CHARS = 262_144;
/** One message with all its lines (`message-too-long`). */
export const MAX_MESSAGE_CHARS = 262_144;
export const MAX_MESSAGES = 10_000_000;
/** Different senders of one chat (`too-many-participants`); the largest groups have a few thousand. */
export const MAX_PARTICIPANTS = 16_384;
/** A longer prefix before ": " is not a name. */
export const MAX_SENDER_CHARS = 128;
/** The part of a line in which a date and time are looked for. */
export const MAX_HEADER_CHARS = 96;
/** Non-empty lines in front of the first message before the file is `not-a-chat`. */
export const MAX_PREAMBLE_LINES = 20;
/** Messages, and their characters, that a parser holds back until the order of day and month is known. */
export const MAX_HELD_MESSAGES = 2_000;
export const MAX_HELD_CHARS = 4 * 1024 * 1024;
/** Contents remembered to number identical messages of one minute. */
export const MAX_OCCURRENCE_ENTRIES = 65_536;

/** Entries of a zip (`too-many-entries`); WhatsApp exports at most 10,000 media files. */
export const MAX_ZIP_ENTRIES = 65_536;
/** The zip's directory, read at once (`zip-bomb`). */
export const MAX_ZIP_DIRECTORY_BYTES = 32 * 1024 * 1024;
/** Declared uncompressed bytes of one entry and of all (`zip-bomb`). */
export const MAX_ZIP_ENTRY_BYTES = 4 * 1024 * 1024 * 1024;
export const MAX_ZIP_TOTAL_BYTES = 64 * 1024 * 1024 * 1024;
/** Uncompressed : compressed (`zip-bomb`), for entries of more than `ZIP_RATIO_FREE_BYTES`. Chats compress about 5:1. */
export const MAX_ZIP_RATIO = 200;
export const ZIP_RATIO_FREE_BYTES = 1024 * 1024;
export const MAX_FILE_NAME_CHARS = 255;

/** Bytes asked from a source at once. */
export const READ_BYTES = 256 * 1024;
/** Compressed bytes given to the decompressor at once; DEFLATE yields at most 1,032 times as many (8 MiB). */
export const INFLATE_BYTES = 8 * 1024;
