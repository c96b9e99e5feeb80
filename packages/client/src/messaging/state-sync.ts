/**
 * State that the account's devices share: read marks, contacts, blocks, chat flags, settings, the own profile. A local change is stamped,
 * applied and put into the outbox for the own devices in one transaction; a change from another device is applied when its stamp wins.
 * docs/PROTOCOL.md, "Shared state".
 */
import { type Message, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import {
  type AccountId,
  type Bytes,
  type DeviceAddress,
  type DeviceNumber,
  MESSAGE_ID_SIZE_BYTES,
  type MessageId,
  messageIdFromBytes,
  messageIdToBytes,
  newMessageId,
  parseAccountId,
} from "@hawser/base";
import { mergeSnapshot } from "@hawser/sync";
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
  SettingsStateSchema,
  type StateUpdate,
  type StateUpdates,
  type StateUpdatesSchema,
  TrustStateSchema,
} from "@hawser/wire";
import { MAX_READ_IDS } from "../bounds.ts";
import type { Core } from "../core.ts";
import type { StateEntry } from "../store/state-entries.ts";
import { encodeContent } from "./content.ts";
import { carryNewerFields, KNOWN_FIELDS } from "./newer-fields.ts";
import { applyState } from "./state-apply.ts";

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

/** In kv: the fields that were known when the entries were last read. */
const READ_FIELDS = "state-fields";

export interface StateSync {
  /** Stamps and shares a value that the caller has applied already. Inside the caller's transaction. */
  share(collection: Collection, key: string, value: Uint8Array): void;
  /** Messages of others that were read here. Inside the caller's transaction. */
  shareRead(ids: readonly MessageId[]): void;
  /** Deliveries are missing, marks perhaps among them: asks the own devices what is read, and answers them. Inside a transaction. */
  askRead(): void;
  /** From another own device. */
  take(content: StateUpdates, from: DeviceAddress): void;
  /** A whole snapshot from the phone: what is missing here is taken, what the phone has not got is shared. Inside the delivery's transaction. */
  takeSnapshot(collection: string, rows: readonly StateEntry[], from: DeviceAddress): void;
  /** The store was damaged: brings into its tables again what they may have lost. Inside a transaction. */
  reapply(): void;
  /** After an update: what the release before kept and could not read goes into the tables. Inside a transaction. */
  readNewer(): void;
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
  /** Whom the account blocks is another. Inside the delivery's transaction. */
  blockChanged(): void;
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

  const takeUpdate = (update: StateUpdate, from: DeviceAddress): void => {
    const timeMs = Number(update.timeMs);
    if (Number.isSafeInteger(timeMs)) takeOne({ ...update, timeMs }, from);
  };
  /** `orSame`: another value of a write that is known counts as well. */
  const takeOne = (entry: StateEntry, from: DeviceAddress, orSame = false): void => {
    const { collection, key, value } = entry;
    if (collection === "device") {
      if (key === String(from.device)) events.leaving(from.device);
      return;
    }
    if (collection === "passkeys" && !events.takePasskeys(value)) return;
    const isAlert = collection === "alert";
    if (isAlert && ![from.device, entry.device].every((writer) => events.mayAnswerAlert(key, writer))) return;
    const isArchive = collection === "archive";
    if (isArchive && !events.mayShareArchive(from.device)) return;
    if (!store.stateEntries.merge(entry, orSame)) return;
    // Who was given everything meanwhile did not get this.
    if (identity.served().length > 0) identity.noteNews();
    const account = collection === "contact" && value.length > 0 && identity.settling() ? parseAccountId(key) : undefined;
    if (account !== undefined) events.accepted(account);
    applyState(core, entry);
    const contact = collection === "trust" ? parseAccountId(key) : undefined;
    if (contact !== undefined) events.listChosen(contact, value);
    if (isAlert) events.alertAnswered(key);
    if (isArchive) events.archiveChanged();
    if (collection === "block") events.blockChanged();
  };

  const reapply = (entries: readonly StateEntry[]): void => {
    for (const entry of entries) {
      const account = entry.collection === "contact" ? parseAccountId(entry.key) : undefined;
      // What a contact says of itself may be newer there.
      if (account === undefined || store.contacts.find(account) === undefined) applyState(core, entry);
    }
  };

  return {
    share(collection, key, value) {
      const self = identity.requireSelf();
      const whole = carryNewerFields(collection, store.stateEntries.find(collection, key)?.value, value);
      put([store.stateEntries.write(collection, key, whole, core.timeMs(), self.device)]);
    },
    shareRead,
    askRead: () => post({ unreadMessageIds: unreadHere(), asks: true }),
    take(content, from) {
      for (const update of content.updates.slice(0, MAX_STATE_UPDATES)) takeUpdate(update, from);
      takeRead(content, from.device);
    },
    takeSnapshot(collection, rows, from) {
      const { take, share } = mergeSnapshot(store.stateEntries.of(collection), rows);
      for (const entry of take) takeOne(entry, from, true);
      put(share);
      // What damaged the rows may have damaged what was made of them.
      reapply(store.stateEntries.of(collection));
    },
    reapply: () => reapply(store.stateEntries.all()),
    readNewer() {
      if (store.kv.getJson(READ_FIELDS) === KNOWN_FIELDS) return;
      store.kv.setJson(READ_FIELDS, KNOWN_FIELDS);
      reapply(store.stateEntries.all());
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

const idsOf = (all: readonly Bytes[]): MessageId[] =>
  all.slice(0, MAX_READ_IDS).flatMap((id) => (id.length === MESSAGE_ID_SIZE_BYTES ? [messageIdFromBytes(id)] : []));

export const encodeState = <T extends Message>(schema: GenMessage<T>, value: T): Uint8Array => toBinary(schema, value);
