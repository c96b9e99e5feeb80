/** Codes that the client adds to those of the wire and of linking. Text for people lives in the catalogues. */

/** Rejections are `OperationalError`s whose `code` is an ErrorName, a LinkErrorName, or a ClientErrorName. */
export type ClientErrorName =
  | "WRONG_PHASE"
  | "WRONG_ROLE"
  | "UNKNOWN_CONVERSATION"
  | "UNKNOWN_MESSAGE"
  | "UNKNOWN_CONTACT"
  | "UNKNOWN_DEVICE"
  /** No such branch of a contact's device lists (any more). */
  | "UNKNOWN_BRANCH"
  | "TEXT_TOO_LONG"
  | "EMPTY_MESSAGE"
  | "NAME_TOO_LONG"
  | "RECOVERY_CODE_MALFORMED"
  | "RECOVERY_CODE_WRONG"
  | "IMPORT_UNREADABLE"
  | "MATCH_CODE_WRONG"
  | "PASSKEY_UNUSABLE"
  /** The server keeps nothing that this passkey opens. */
  | "PASSKEY_UNKNOWN"
  /** What the server answered for this passkey is not what a phone of the account left there. */
  | "RECOVERY_ANSWER_INVALID"
  | "STORAGE_FULL"
  | "STORAGE_LOST"
  | "OFFLINE"
  | "SELF"
  /** No own device that can be reached has the bytes. They come by themselves once one is; asking again is cheap. */
  | "ATTACHMENT_UNAVAILABLE"
  /** The client was closed, or the worker that ran it is gone. */
  | "CLOSED"
  /** Another process has this profile open. */
  | "PROFILE_IN_USE";
