/**
 * What crosses the port between a page and the worker that runs its client. Every message is structured-clone safe.
 * Invariant: each `call` is answered by exactly one `result` or `error` with its id; each `read` by one `read-result` or
 * `read-error`. Unknown messages are ignored, so that an older page survives a newer worker until it reloads.
 */
import type { Retry } from "@hawser/base";
import type { ClientEvent, FilePreview, HawserClient } from "@hawser/client";

export type ClientMethod = Exclude<keyof HawserClient, "subscribe">;

/** The methods that may be called through a port; anything else is refused. */
export const CLIENT_METHODS = [
  "state", "diagnostics", "close", "networkHint", "checkHandle", "createAccount", "requestCode", "createRecoveryCode", "restoreAccount", "recoveryState", "addRecoveryPasskey", "removeRecovery", "setDisplayName", "setSettings", "dismissNotice", "finishMove", "passkeySettings", "addPasskey", "removePasskey", "setPasskeyRequired", "answerLinkPasskey",
  "startLink", "cancelLink", "linkStatus", "openLinkCode", "openTypedCode", "showReverseCode", "openReverseCode", "approveLink", "rejectLink", "devices", "renameDevice", "revokeDevice", "answerDeviceAlert", "wipe",
  "findHandle", "addContact", "contactUri", "openContactCode", "contacts", "renameContact", "setBlocked", "safetyNumber", "setVerified", "listFork", "trustBranch", "deviceListCode",
  "conversations", "conversation", "openConversation", "messages", "message", "sendMessage", "retryMessage", "acceptRequest", "markRead",
  "setChatState", "setDraft", "attachment", "search", "requestHistory", "archive", "setArchive", "previewImport", "runImport", "cancelImport",
] as const satisfies readonly ClientMethod[]; // prettier-ignore

/** Fails to compile when the client has a method that is missing above. */
type Missing = Exclude<ClientMethod, (typeof CLIENT_METHODS)[number]>;
export const ALL_METHODS_LISTED: [Missing] extends [never] ? true : Missing = true;

/** Files a page keeps readable for its worker; the oldest is forgotten first. */
export const MAX_OPEN_FILES = 64;
/** Calls one page may have under way. */
export const MAX_CALLS_UNDER_WAY = 1_024;
/** Bytes of one read across the port. */
export const MAX_READ_BYTES = 16 * 1_048_576;

export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly retry: Retry;
}

/** A `FileSource` in an argument: its bytes stay with the page, or are the `Blob` itself. */
export interface FileMark {
  readonly hawserFile: number;
  readonly name: string;
  readonly sizeBytes: number;
  readonly mediaType: string;
  readonly preview: FilePreview | undefined;
  readonly blob: Blob | undefined;
}

export type ToWorker =
  | { readonly type: "call"; readonly id: number; readonly method: ClientMethod; readonly args: readonly unknown[] }
  | { readonly type: "read-result"; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: "read-error"; readonly id: number; readonly error: WireError }
  | { readonly type: "bye" };

export type ToPage =
  | { readonly type: "ready" }
  | { readonly type: "result"; readonly id: number; readonly value: unknown }
  | { readonly type: "error"; readonly id: number; readonly error: WireError }
  | { readonly type: "event"; readonly event: ClientEvent }
  | { readonly type: "read"; readonly id: number; readonly file: number; readonly offset: number; readonly sizeBytes: number };

/** What a `MessagePort`, a `Worker` and a worker's global scope have in common. */
export interface PortLike {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  removeEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  start?(): void;
}
