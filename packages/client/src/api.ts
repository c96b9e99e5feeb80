/**
 * What an application sees of one device of one account: the whole public surface of the engine. Every value is plain data
 * (structured-clone safe), so that the same interface works in process and across a worker boundary.
 */
import type { AccountId, AttemptId, BlobId, ConversationId, DeviceNumber, MessageId } from "@hawser/base";
import type { LinkErrorName, LinkStage, LinkStatus, PasskeyAnswer, PasskeyRequest } from "@hawser/linking";
import type { ErrorName } from "@hawser/wire";
import type { PasskeySettings } from "./account/passkey-settings.ts";
import type { RecoveryState, RestoreOptions } from "./account/recovery-views.ts";
import type { ClientDiagnostics } from "./diagnosis/client-diagnostics.ts";
import type { Contact, ListFork, SafetyNumber } from "./contacts/contact-views.ts";
import type { DeviceAlert, DeviceInfo, Role } from "./devices/device-views.ts";
import type { ArchiveStatus } from "./history/archive-status.ts";
import type { Settings } from "./account/settings-views.ts";
import type { FileSource } from "./file-source.ts";
import type { ImportPreview } from "./importing/import-preview.ts";

export type ClientPhase = "empty" | "linking" | "ready" | "revoked";

/** The whole small state of a client; sent again, whole, whenever a part of it changes. */
export interface ClientState {
  readonly phase: ClientPhase;
  readonly role: Role | undefined;
  readonly self: SelfInfo | undefined;
  readonly connection: ConnectionStatus;
  readonly history: HistoryStatus;
  readonly storage: StorageStatus;
  readonly revocation: RevocationInfo | undefined;
  readonly unreadTotal: number;
  readonly outboxCount: number;
  readonly settings: Settings;
  /** The same as `Contact.listConflict` for the own account: no message leaves, nothing is signed out, until there is one list again. */
  readonly listConflict: boolean;
  /** Devices that were added to the account or removed from it, until somebody answers on one of its devices. Oldest first. */
  readonly deviceAlerts: readonly DeviceAlert[];
  /**
   * The server no longer had everything that was meant for this device (away too long, or its store was lost). What is missing is being
   * fetched from another own device as history; `undefined` once it is here. Without another device it stays, and says why chats have holes.
   */
  readonly gapSinceMs: number | undefined;
  /** Something happened to this device's store and was healed; shown until `dismissNotice`. */
  readonly notice: StoreNotice | undefined;
}

/**
 * `old-copy`: the store had been put back from an older copy; sessions were made anew. `store-lost`: the store was lost, keys were kept.
 * `store-damaged`: parts of the store could not be read; what could was kept. Missing messages come as history each time. `restored-alone`:
 * no other device of the account was there to say what its passkeys are; ends by itself when there is a list of them again.
 */
export type StoreNotice = "old-copy" | "store-lost" | "store-damaged" | "restored-alone";

export interface SelfInfo {
  readonly account: AccountId;
  readonly device: DeviceNumber;
  readonly handle: string;
  readonly displayName: string;
  readonly deviceName: string;
}

export type ConnectionStatus =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting"; readonly attempt: number }
  | { readonly kind: "online"; readonly clockOffsetMs: number; readonly catchingUp: number; readonly transport: string }
  /** Nothing is lost: trying again at `retryAtMs`. */
  | { readonly kind: "offline"; readonly error: ErrorName | "UNREACHABLE"; readonly retryAtMs: number; readonly attempt: number }
  /** This program is too old for the server, or the server for this program. Keys and messages are kept. */
  | { readonly kind: "update-needed"; readonly error: "CLIENT_TOO_OLD" | "SERVER_TOO_OLD" };

export type HistoryStatus =
  | { readonly kind: "none" }
  /** Companion: chunks arrive. Phone: chunks leave. */
  | {
      readonly kind: "running";
      readonly direction: "receiving" | "sending";
      readonly messagesDone: number;
      readonly messagesTotal: number;
      readonly stalledSinceMs: number | undefined;
      /** Only this chat's older messages are on their way: a person asked for them. */
      readonly conversation?: ConversationId;
      /** There is no room on this device: nothing is lost, and it goes on by itself when there is. */
      readonly storageFull: boolean;
    }
  | { readonly kind: "complete"; readonly messagesTotal: number; readonly finishedAtMs: number };

export interface StorageStatus {
  readonly kind: "file" | "opfs" | "indexeddb" | "memory";
  /** False when the data may vanish (private window, denied persistence, memory). */
  readonly durable: boolean;
}

export interface RevocationInfo {
  readonly revokedAtMs: number;
  readonly revokedBy: DeviceNumber;
  readonly revokedByName: string;
  readonly reason: "by-user" | "replaced" | "link-undone" | "lost" | "unspecified";
}

/**
 * A code that a screen drew before the engine ran: it stays the one that works. All fields base64url without padding: 16 bytes, 32
 * secret bytes, an X25519 key pair.
 */
export interface LinkOfferSeed {
  readonly rendezvousId: string;
  readonly secret: string;
  readonly ephemeralSecret: string;
  readonly ephemeralPublicKey: string;
}

export interface ConversationSummary {
  readonly id: ConversationId;
  readonly title: string;
  /** Undefined for an imported chat, which can be read but not written to. */
  readonly contact: Contact | undefined;
  readonly last: MessageView | undefined;
  readonly unread: number;
  readonly pinned: boolean;
  readonly archived: boolean;
  readonly mutedUntilMs: number;
  readonly draft: string;
  /** False until everything its source has is here. */
  readonly historyComplete: boolean;
  /** Its older messages were asked for (`requestHistory`) and have not all come. */
  readonly historyAsked: boolean;
  /** A stranger's first message waits for "accept" before receipts are sent. */
  readonly isRequest: boolean;
}

export type DeliveryStatus = "queued" | "sent" | "delivered" | "read" | "failed" | "received";

export interface MessageView {
  readonly id: MessageId;
  readonly conversation: ConversationId;
  readonly outgoing: boolean;
  readonly senderName: string;
  readonly text: string;
  readonly sentAtMs: number;
  /** Position in the conversation, for paging: unique, and rising with time. */
  readonly order: number;
  readonly status: DeliveryStatus;
  readonly kind: "text" | "system" | "undecryptable";
  /** Of a system line that the program itself wrote: what it says, for the catalogues. Its text is empty. */
  readonly notice?: MessageNotice;
  readonly attachments: readonly AttachmentView[];
  readonly quoted: { readonly id: MessageId; readonly senderName: string; readonly text: string } | undefined;
}

/** `device-list-chosen`: of two device lists of this contact a person chose one (`trustBranch`). */
export type MessageNotice = "device-list-chosen";

export interface AttachmentView {
  readonly index: number;
  readonly blob: BlobId | undefined;
  readonly mediaType: string;
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly width: number;
  readonly height: number;
  readonly thumbnail: Uint8Array | undefined;
  /** Whether the bytes are on this device. */
  readonly local: boolean;
}

export interface SearchHit {
  readonly message: MessageView;
  readonly conversationTitle: string;
  /** The text around the match, with the matched parts as [start, end) offsets. */
  readonly snippet: string;
  readonly ranges: readonly (readonly [number, number])[];
}

export type ClientEvent =
  | { readonly type: "state"; readonly state: ClientState }
  | { readonly type: "link"; readonly link: LinkStatus }
  /** The list of conversations, or one of them, changed: query again. */
  | { readonly type: "conversations" }
  | { readonly type: "messages"; readonly conversation: ConversationId }
  | { readonly type: "message"; readonly message: MessageView; readonly isNew: boolean }
  | { readonly type: "devices" }
  /** Once for each; it stays in `ClientState.deviceAlerts`. */
  | { readonly type: "device-alert"; readonly alert: DeviceAlert }
  | { readonly type: "contacts" }
  | { readonly type: "import"; readonly importId: string; readonly done: number; readonly total: number };

export interface HawserClient {
  state(): Promise<ClientState>;
  diagnostics(): Promise<ClientDiagnostics>;
  subscribe(listener: (event: ClientEvent) => void): () => void;
  close(): Promise<void>;
  /**
   * What the platform or a person says about the network. `online` (also: "try again now") ends a pause, unless the server asked for
   * it; `changed` probes a connection that may be dead; `offline` is noted. Hints make the client look, they never make it believe.
   */
  networkHint(hint: "online" | "offline" | "changed"): Promise<void>;

  // Account (phone)
  checkHandle(handle: string): Promise<{ available: boolean }>;
  createAccount(options: {
    handle: string;
    displayName: string;
    deviceName: string;
    invitation?: string;
    codeAddress?: string;
    code?: string;
  }): Promise<SelfInfo>;
  requestCode(address: string): Promise<void>;
  /** Makes a new code, stores the capsule it opens on the server, and returns the code once. */
  createRecoveryCode(): Promise<string>;
  /** A new phone from handle and recovery code, or from a passkey alone. Companions stay linked. */
  restoreAccount(options: RestoreOptions): Promise<SelfInfo>;
  /** What gives the account back, as the server has it; on a phone. Rejects with UNKNOWN_OPERATION on a server that keeps no list of it. */
  recoveryState(): Promise<RecoveryState>;
  /**
   * From now on this passkey of the account restores it too. `prfOutput`: the 32 bytes that its authenticator gave for `PASSKEY_PRF_INPUT`
   * (`prf.eval.first`), with user verification. Takes the place of what was there for it. Rejects with PASSKEY_UNUSABLE for anything else.
   */
  addRecoveryPasskey(passkey: { credentialId: string; prfOutput: Uint8Array }): Promise<void>;
  /** The recovery code, or the passkey with that `RecoveryPasskey.id`, restores the account no more. */
  removeRecovery(passkey?: string): Promise<void>;
  setDisplayName(name: string): Promise<void>;
  setSettings(settings: Partial<Settings>): Promise<void>;
  passkeySettings(): Promise<PasskeySettings>;
  /** A new passkey of this platform, ES256; `spki` as `getPublicKey()` gives it, both base64url. Rejects with PASSKEY_UNUSABLE for other kinds of key. */
  addPasskey(passkey: { credentialId: string; spki: string; rpId: string }): Promise<void>;
  /** It restores the account no more either: the server is told now, or when it is reached again. */
  removePasskey(credentialId: string): Promise<void>;
  setPasskeyRequired(required: boolean): Promise<void>;
  /** The person has read `ClientState.notice`. */
  dismissNotice(): Promise<void>;

  // Linking, companion
  /** Starts (or resumes) a link; progress comes as `link` events. Idempotent. */
  startLink(options: {
    deviceName: string;
    platform: string;
    initialOffer?: LinkOfferSeed;
    /** Shows letters beside the code, for phones without a camera: `typedCode` of the status. From then on until the link ends. */
    typedCode?: boolean;
    /** `phone`: the account moves here from the phone that approves (see `finishMove`). A companion when absent. */
    as?: Role;
    /** This platform can be asked for a passkey (`LinkStatus.passkeyRequest`, answered by `answerLinkPasskey`). */
    passkeys?: boolean;
  }): Promise<LinkStatus>;
  /** What the authenticator answered, or nothing: this device has none, or its person goes on without. The first answer counts. */
  answerLinkPasskey(answer?: PasskeyAnswer): Promise<void>;
  /**
   * The other way round: a code that the phone shows (`showReverseCode`), read here by a camera, from an image or pasted. While this
   * device shows a code of its own. Resolves when the phone can go on, rejects with CODE_… or SERVER_….
   */
  openReverseCode(text: string): Promise<void>;
  cancelLink(): Promise<void>;
  linkStatus(): Promise<LinkStatus | undefined>;

  // Linking, phone
  /** Any text a camera, an image or a person gave. Rejects with CODE_… when it is none of ours. */
  openLinkCode(text: string): Promise<LinkStatus>;
  /**
   * Letters that a person read from the other screen. Rejects with CODE_MALFORMED when they are no code, with RATE_LIMITED after
   * too many wrong ones. Until there is an attempt, `link` events without one say how it goes: CODE_WRONG, CODE_EXPIRED.
   */
  openTypedCode(text: string): Promise<LinkStatus>;
  /** A code for the other device's camera: `uri` of the status, valid until `deadlineMs`. It comes as a `link` event. */
  showReverseCode(): Promise<LinkStatus>;
  /**
   * `remove`: this companion is signed out by the same list that lets the new one in; needed where `LinkStatus.needsRemoval` says that there
   * is no room. When that shows only as the list is signed, the link is back in `comparing`, with `needsRemoval`.
   * `restore`: the companion is this device of the list (`DeviceInfo.restorable`), which has lost its store; it gets its identity back and
   * the list stays as it is. `newPhone`: the account moves to it, and it gets the account's key; has to be said exactly when
   * `LinkPeer.kind` is `phone`, else the call rejects with WRONG_ROLE. `typedCode`: the six digits, read from the other screen; needed where
   * `LinkStatus.passkeyCheck` says that no passkey was shown, and has to be right wherever it is given, else MATCH_CODE_WRONG.
   */
  approveLink(
    attempt: AttemptId,
    options?: { deviceName?: string; restore?: DeviceNumber; remove?: DeviceNumber; newPhone?: boolean; typedCode?: string },
  ): Promise<void>;
  /** What the other side is told: that a person said no, or (`DEVICE_LIMIT`) that there is no room. */
  rejectLink(attempt: AttemptId, reason?: "DEVICE_LIMIT"): Promise<void>;

  // Devices
  devices(): Promise<readonly DeviceInfo[]>;
  renameDevice(device: DeviceNumber, name: string): Promise<void>;
  revokeDevice(device: DeviceNumber): Promise<void>;
  /**
   * `known`: "this was me" or "I have seen it"; gone on every device. `remove`: of an added companion; the phone revokes it a few seconds
   * later, when it is connected. `undo`: takes `remove` back, while it is not done.
   */
  answerDeviceAlert(id: string, answer: "known" | "remove" | "undo"): Promise<void>;
  /**
   * On the new phone, at the end of a move (`startLink` with `as: "phone"`): it is the account's only phone from now on. The old one is
   * revoked as replaced; companions stay. Rejects with WRONG_PHASE while history is still coming, unless `withoutHistory`. Idempotent.
   */
  finishMove(options?: { withoutHistory?: boolean }): Promise<void>;
  /** Removes every key and message from this device. A companion asks the phone to revoke it first, when it can. */
  wipe(): Promise<void>;

  // Contacts
  findHandle(handle: string): Promise<{ account: AccountId; handle: string } | undefined>;
  addContact(options: { account: AccountId; name: string; handle?: string }): Promise<Contact>;
  /** A QR text that others scan to add this account: `https://ORIGIN/add#1.…`. */
  contactUri(): Promise<string>;
  openContactCode(text: string): Promise<{ account: AccountId; handle: string }>;
  contacts(): Promise<readonly Contact[]>;
  renameContact(account: AccountId, name: string): Promise<void>;
  setBlocked(account: AccountId, blocked: boolean): Promise<void>;
  safetyNumber(account: AccountId): Promise<SafetyNumber>;
  setVerified(account: AccountId, verified: boolean): Promise<void>;
  /** The branches of a contact's chain of device lists, if it has more than one. Asks the server when it can. */
  listFork(account: AccountId): Promise<ListFork | undefined>;
  /**
   * A person compared and says: this branch. It is pinned here and on the own devices, sessions with devices of the others end, what waited
   * leaves, the contact is no longer verified, and the chat says so. Never of the own account (SELF). UNKNOWN_BRANCH: look again.
   */
  trustBranch(account: AccountId, branch: string): Promise<void>;
  /** What a contact compares with `ListBranch.code`: the newest list of the own account. */
  deviceListCode(): Promise<{ readonly number: number; readonly code: string }>;

  // Chats
  /** Pinned first, then by the newest message. */
  conversations(options?: {
    archived?: boolean;
    offset?: number;
    limit?: number;
  }): Promise<{ total: number; items: readonly ConversationSummary[] }>;
  conversation(id: ConversationId): Promise<ConversationSummary | undefined>;
  openConversation(account: AccountId): Promise<ConversationSummary>;
  /** Newest first; `beforeOrder` pages back, `aroundMessage` gives a window around a search hit. */
  messages(options: {
    conversation: ConversationId;
    beforeOrder?: number;
    afterOrder?: number;
    aroundMessage?: MessageId;
    limit: number;
  }): Promise<{ items: readonly MessageView[]; hasOlder: boolean; hasNewer: boolean }>;
  message(id: MessageId): Promise<MessageView | undefined>;
  /** Resolves when the message is durable in the outbox. `id` makes a retry of the call idempotent. */
  sendMessage(options: {
    conversation: ConversationId;
    text: string;
    quoted?: MessageId;
    attachments?: readonly FileSource[];
    id?: MessageId;
  }): Promise<MessageView>;
  retryMessage(id: MessageId): Promise<void>;
  acceptRequest(conversation: ConversationId): Promise<void>;
  markRead(conversation: ConversationId, upTo: MessageId): Promise<void>;
  setChatState(conversation: ConversationId, change: { pinned?: boolean; archived?: boolean; mutedUntilMs?: number }): Promise<void>;
  setDraft(conversation: ConversationId, text: string): Promise<void>;
  /**
   * The whole plaintext: from this device, from the server, or (imported media, blobs that expired) from another own device, end to
   * end. Rejects with ATTACHMENT_UNAVAILABLE when nobody who has it answers in time; the request stays, and when the bytes come a
   * `message` event says so (`local` is true then).
   */
  attachment(message: MessageId, index: number): Promise<Uint8Array>;
  search(options: { text: string; conversation?: ConversationId; limit?: number; beforeOrder?: number }): Promise<readonly SearchHit[]>;

  // History
  /** Companion: asks the source again for what is missing. Never unlinks, never forgets what is there. */
  requestHistory(options?: { conversation?: ConversationId }): Promise<void>;
  archive(): Promise<ArchiveStatus>;
  /** On phones. Off deletes it from the server; on again begins a new one. Rejects with WRONG_PHASE while history is still coming, with UNKNOWN_OPERATION on a server without archives. */
  setArchive(on: boolean): Promise<void>;

  // Import (phone)
  previewImport(file: FileSource): Promise<ImportPreview>;
  runImport(options: {
    importId: string;
    title: string;
    self: string | undefined;
    dateOrder?: "day-first" | "month-first" | "year-first";
    intoConversation?: ConversationId;
  }): Promise<{ conversation: ConversationId; imported: number; alreadyThere: number }>;
  cancelImport(importId: string): Promise<void>;
}

export type { ErrorName, LinkErrorName, LinkStage, LinkStatus, PasskeyAnswer, PasskeyRequest };
export type { ClientDiagnostics } from "./diagnosis/client-diagnostics.ts";
export type { DormantAfterMonths, Settings } from "./account/settings-views.ts";
export type { Contact, ListBranch, ListFork, SafetyNumber } from "./contacts/contact-views.ts";
export type { DeviceAlert, DeviceInfo, Role } from "./devices/device-views.ts";
export type { ArchiveStatus } from "./history/archive-status.ts";
export type { FilePreview, FileSource } from "./file-source.ts";
export type { ClientErrorName } from "./client-error-name.ts";
export type { RecoveryPasskey } from "./account/recovery-views.ts";
export type { ImportPreview, PasskeySettings, RecoveryState, RestoreOptions };
