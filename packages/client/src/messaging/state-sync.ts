/**
 * State that the account's devices share: read marks, contacts, blocks, chat flags, settings, the own profile. A local change is stamped,
 * applied and put into the outbox for the own devices in one transaction; a change from another device is applied when its stamp wins.
 * docs/PROTOCOL.md, "Shared state".
 */
import { fromBinary, type Message, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import {
  type AccountId,
  type Bytes,
  conversationWith,
  type ConversationId,
  type DeviceAddress,
  type DeviceNumber,
  MESSAGE_ID_SIZE_BYTES,
  type MessageId,
  messageIdFromBytes,
  messageIdToBytes,
  newMessageId,
  parseAccountId,
} from "@hawser/base";
import {
  AlertStateSchema,
  ArchiveStateSchema,
  BlockStateSchema,
  ChatStateSchema,
  ContactStateSchema,
  MAX_STATE_UPDATES,
  ProfileSchema,
  ReadStateSchema,
  SignedPasskeyListSchema,
  type SettingsState,
  SettingsStateSchema,
  type StateUpdate,
  type StateUpdates,
  type StateUpdatesSchema,
  TrustStateSchema,
} from "@hawser/wire";
import type { Settings } from "../api.ts";
import { MAX_READ_IDS, ORDER_STEPS_PER_MS } from "../bounds.ts";
import { DORMANT_AFTER_MONTHS } from "../devices/dormancy.ts";
import type { Core } from "../core.ts";
import type { StateEntry } from "../store/state-entries.ts";
import { encodeContent } from "./content.ts";

/** Collections and the message of each. `device` has no value: a companion asks to be revoked (docs/PROTOCOL.md). */
const SCHEMAS = {
  read: ReadStateSchema,
  contact: ContactStateSchema,
  block: BlockStateSchema,
  chat: ChatStateSchema,
  settings: SettingsStateSchema,
  profile: ProfileSchema,
  alert: AlertStateSchema,
  trust: TrustStateSchema,
  passkeys: SignedPasskeyListSchema,
  archive: ArchiveStateSchema,
} as const;
export type Collection = keyof typeof SCHEMAS;

export interface StateSync {
  /** Stamps and shares a value that the caller has applied already. Inside the caller's transaction. */
  share(collection: Collection, key: string, value: Uint8Array): void;
  /** Messages of others that were read here. Inside the caller's transaction. */
  shareRead(ids: readonly MessageId[]): void;
  /** Deliveries are missing, marks perhaps among them: asks the own devices what is read, and answers them. Inside a transaction. */
  askRead(): void;
  /** From another own device. */
  take(content: StateUpdates, from: DeviceAddress): void;
  /** Everything known, for a device that has just been linked. */
  sendAllTo(device: DeviceNumber): void;
  /** Asks the phone to revoke this companion. */
  shareLeaving(): void;
}

export interface StateSyncEvents {
  /** A companion has wiped itself and asks the phone to take it off the list. */
  leaving(device: DeviceNumber): void;
  /** Whether this device may answer the alert; asked of whoever sent the answer and of whoever wrote it. */
  mayAnswerAlert(id: string, writer: number): boolean;
  alertAnswered(id: string): void;
  /** Of two device lists of a contact another own device's person chose one. Inside the delivery's transaction. */
  listChosen(account: AccountId, value: Uint8Array): void;
  /** Whether this is the account's word, and newer than what is known. */
  takePasskeys(signed: Uint8Array): boolean;
  /** Whether this device may say what the archive is. */
  mayShareArchive(from: number): boolean;
  archiveChanged(): void;
  /** A device that is settling in learns whom the account knows. Inside the delivery's transaction. */
  accepted(account: AccountId): void;
}

export function createStateSync(core: Core, events: StateSyncEvents): StateSync {
  const { store, identity } = core;

  const put = (updates: readonly StateEntry[], device?: DeviceNumber): void => {
    for (let at = 0; at < updates.length; at += MAX_STATE_UPDATES) {
      const values = updates.slice(at, at + MAX_STATE_UPDATES).map(({ timeMs, ...rest }) => ({ ...rest, timeMs: BigInt(timeMs) }));
      post({ updates: values }, device);
    }
  };
  const post = (value: MessageInitShape<typeof StateUpdatesSchema>, device?: DeviceNumber): void => {
    const self = identity.requireSelf();
    const nowMs = core.timeMs();
    const messageId = newMessageId(nowMs, core.ports.random);
    const content = encodeContent({ sender: self, conversation: undefined, messageId, sentAtMs: nowMs }, { case: "state", value });
    const audience = device === undefined ? "own" : "device";
    store.outbox.add({ messageId, audience, account: self.account, content, ...(device === undefined ? {} : { device }) });
    store.resends.keepSent(messageId, self.account, content, nowMs);
    core.notify.changed("outbox");
  };
  const shareRead = (ids: readonly MessageId[]): void => {
    for (let at = 0; at < ids.length; at += MAX_READ_IDS) post({ readMessageIds: ids.slice(at, at + MAX_READ_IDS).map(messageIdToBytes) });
  };
  const unreadHere = (): Bytes[] => store.unread.newest(MAX_READ_IDS).map(messageIdToBytes);
  const takeRead = ({ readMessageIds, unreadMessageIds, asks }: StateUpdates, from: DeviceNumber): void => {
    if (store.conversations.readThese(idsOf(readMessageIds))) core.notify.changed("conversations");
    const known = idsOf(unreadMessageIds).filter((id) => store.unread.isRead(id));
    // What one of the two did not hear the others may have missed as well.
    if (known.length > 0) shareRead(known);
    if (asks) post({ unreadMessageIds: unreadHere() }, from);
  };

  const takeOne = (update: StateUpdate, from: DeviceAddress): void => {
    if (update.collection === "device") {
      if (update.key === String(from.device)) events.leaving(from.device);
      return;
    }
    if (update.collection === "passkeys" && !events.takePasskeys(update.value)) return;
    const isAlert = update.collection === "alert";
    if (isAlert && ![from.device, update.device].every((writer) => events.mayAnswerAlert(update.key, writer))) return;
    const isArchive = update.collection === "archive";
    if (isArchive && !events.mayShareArchive(from.device)) return;
    const entry: StateEntry = { ...update, timeMs: Number(update.timeMs) };
    if (Number.isSafeInteger(entry.timeMs) && store.stateEntries.merge(entry)) {
      const account =
        entry.collection === "contact" && entry.value.length > 0 && identity.settling() ? parseAccountId(entry.key) : undefined;
      if (account !== undefined) events.accepted(account);
      applyState(core, entry);
      const contact = entry.collection === "trust" ? parseAccountId(entry.key) : undefined;
      if (contact !== undefined) events.listChosen(contact, entry.value);
      if (isAlert) events.alertAnswered(entry.key);
      if (isArchive) events.archiveChanged();
    }
  };

  return {
    share(collection, key, value) {
      const self = identity.requireSelf();
      put([store.stateEntries.write(collection, key, value, core.timeMs(), self.device)]);
    },
    shareRead,
    askRead: () => post({ unreadMessageIds: unreadHere(), asks: true }),
    take(content, from) {
      for (const update of content.updates.slice(0, MAX_STATE_UPDATES)) takeOne(update, from);
      takeRead(content, from.device);
    },
    sendAllTo(device) {
      put(store.stateEntries.all(), device);
    },
    shareLeaving() {
      const self = identity.requireSelf();
      put([{ collection: "device", key: String(self.device), value: new Uint8Array(0), timeMs: 0, counter: 0, device: self.device }]);
    },
  };
}

/** Brings a winning entry into the tables that screens read. */
function applyState(core: Core, entry: StateEntry): void {
  const { store } = core;
  const account = parseAccountId(entry.key);
  switch (entry.collection) {
    case "contact": {
      const value = read(ContactStateSchema, entry.value);
      if (account === undefined || value === undefined) return;
      const listed = entry.value.length > 0 ? 1 : 0;
      store.contacts.put(account, {
        name: value.name,
        handle: value.handle,
        verified: value.verified ? 1 : 0,
        added_at_ms: Number(value.addedAtMs),
        listed,
        ...(value.profileName === "" ? {} : { profile_name: value.profileName }),
      });
      acceptConversation(core, account, listed === 1);
      return core.notify.changed("contacts");
    }
    case "block": {
      const value = read(BlockStateSchema, entry.value);
      if (account === undefined || value === undefined) return;
      store.contacts.put(account, { blocked: value.blocked ? 1 : 0 });
      return core.notify.changed("contacts");
    }
    case "chat": {
      const value = read(ChatStateSchema, entry.value);
      const conversation = conversationRow(core, entry.key);
      if (value === undefined || conversation === undefined) return;
      store.conversations.update(conversation.row, {
        pinned: value.pinned ? 1 : 0,
        archived: value.archived ? 1 : 0,
        muted_until_ms: Number(value.mutedUntilMs),
      });
      return core.notify.changed("conversations");
    }
    case "read": {
      const value = read(ReadStateSchema, entry.value);
      const conversation = conversationRow(core, entry.key);
      // What is read is said by ids beside it.
      if (value === undefined || value.byIds || conversation === undefined) return;
      const marked = value.messageId.length === MESSAGE_ID_SIZE_BYTES ? store.messages.row(messageIdFromBytes(value.messageId)) : undefined;
      const there = Number(value.upToSentAtMs) * ORDER_STEPS_PER_MS;
      // Where the message stands here, which may be later. Others of its millisecond may be newer: only without it they count as read.
      const order = marked?.conversation === conversation.row ? Math.max(marked.order, there) : there + ORDER_STEPS_PER_MS - 1;
      store.conversations.readUpTo(conversation.row, order);
      return core.notify.changed("conversations");
    }
    case "settings": {
      const value = read(SettingsStateSchema, entry.value);
      if (value !== undefined) core.identity.setSettings(fromWireSettings(value));
      return core.notify.changed("state");
    }
    case "profile": {
      const value = read(ProfileSchema, entry.value);
      const self = core.identity.self();
      if (value !== undefined && self !== undefined) core.identity.setSelf({ ...self, displayName: value.displayName });
      return core.notify.changed("state");
    }
    default: // a newer device's collection: kept, not understood
  }
}

const idsOf = (all: readonly Bytes[]): MessageId[] =>
  all.slice(0, MAX_READ_IDS).flatMap((id) => (id.length === MESSAGE_ID_SIZE_BYTES ? [messageIdFromBytes(id)] : []));

/** Chats are named before their messages arrive: flags must not be lost. */
function conversationRow(core: Core, key: string) {
  return /^[agi]:[a-z0-9]{1,64}$/.test(key) ? core.store.conversations.ensure(key as ConversationId) : undefined;
}

export function acceptConversation(core: Core, account: AccountId, accepted: boolean): void {
  const conversation = core.store.conversations.find(conversationWith(account));
  if (conversation === undefined || !accepted || conversation.accepted === 1) return;
  core.store.conversations.update(conversation.row, { accepted: 1 });
  core.notify.changed("conversations");
}

function read<T extends Message>(schema: GenMessage<T>, bytes: Uint8Array): T | undefined {
  try {
    return fromBinary(schema, bytes);
  } catch {
    return undefined;
  }
}

export const encodeState = <T extends Message>(schema: GenMessage<T>, value: T): Uint8Array => toBinary(schema, value);

function fromWireSettings(value: SettingsState): Settings {
  const theme = value.theme === "light" || value.theme === "dark" ? value.theme : "system";
  const language = value.language === "" ? undefined : value.language;
  const dormantAfterMonths = DORMANT_AFTER_MONTHS.find((months) => months === value.dormantAfterMonths) ?? 0;
  return { readReceipts: value.readReceipts, language, theme, reportOutcomes: !value.noOutcomeReports, dormantAfterMonths };
}
