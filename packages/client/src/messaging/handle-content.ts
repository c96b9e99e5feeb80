/**
 * What a content that was opened and checked does to the store. Invariant: everything happens in the transaction of its delivery, and
 * a second copy of the same content changes nothing.
 */
import {
  type AccountId,
  accountIdToBytes,
  concat,
  conversationWith,
  type DeviceAddress,
  type DeviceNumber,
  MESSAGE_ID_SIZE_BYTES,
  type MessageId,
  messageIdFromBytes,
  messageIdToBytes,
  utf8,
} from "@hawser/base";
import {
  type HistoryMessageFromSource,
  type HistoryMessageToSource,
  MAX_ATTACHMENTS,
  MAX_RECEIPTS,
  type Message,
  type Profile,
  ReceiptKind,
  type Receipts as WireReceipts,
} from "@hawser/wire";
import type { AttachmentAsker } from "../attachments/asker.ts";
import type { AttachmentHolder } from "../attachments/holder.ts";
import { MAX_NAME_LENGTH } from "../bounds.ts";
import type { Core } from "../core.ts";
import type { DeviceCapsules } from "../devices/device-capsule.ts";
import { fromWireAttachment } from "../store/history-rows.ts";
import type { NewMessage } from "../store/messages.ts";
import type { ReadContent } from "./content.ts";
import { orderOfDelivery } from "./order.ts";
import type { Receipts } from "./receipts.ts";
import type { Resends } from "./resend.ts";
import { acceptConversation } from "./state-apply.ts";
import type { StateChecks } from "./state-checks.ts";
import type { StateSync } from "./state-sync.ts";

export interface OpenedContent extends ReadContent {
  readonly sender: DeviceAddress;
  readonly serverTimeMs: number;
}

export interface ContentHandler {
  handle(opened: OpenedContent): void;
}

/** History from and to the own devices; called inside the delivery's transaction. */
export interface HistoryPort {
  fromSource(message: HistoryMessageFromSource, from: DeviceAddress): void;
  toSource(message: HistoryMessageToSource, from: DeviceAddress): void;
}

interface Parts {
  readonly receipts: Receipts;
  readonly resends: Resends;
  readonly capsules: Pick<DeviceCapsules, "keyCame">;
  readonly state: StateSync;
  readonly checks: StateChecks;
  readonly history: HistoryPort;
  /** Bytes of attachments, from and to the own devices. */
  readonly asker: AttachmentAsker;
  readonly holder: AttachmentHolder;
  /** Someone wrote whose handle is not known yet. */
  readonly stranger: (account: AccountId) => void;
  /** One of the own devices has said something. */
  readonly ownDevice: (device: DeviceNumber) => void;
}

export function createContentHandler(core: Core, parts: Parts): ContentHandler {
  const { contacts, messages } = core.store;
  return {
    handle(opened) {
      const { body } = opened.content;
      const own = opened.sender.account === core.identity.requireSelf().account;
      if (!own && contacts.find(opened.sender.account)?.blocked === 1) return;
      if (own) parts.ownDevice(opened.sender.device);
      switch (body.case) {
        case "message":
          return takeMessage(core, parts, opened, body.value, own);
        case "receipts":
          return own ? undefined : takeReceipts(core, body.value, opened.sender.account);
        case "profile":
          return own ? undefined : takeProfile(core, body.value, opened.sender.account);
        case "resendRequest":
          return body.value.messageId.length === 16
            ? parts.resends.requested(messageIdFromBytes(body.value.messageId), opened.sender)
            : undefined;
        case "state":
          return own ? parts.state.take(body.value, opened.sender) : undefined;
        case "stateCheck":
          return own ? parts.checks.asked(body.value, opened.sender) : undefined;
        case "stateCheckAnswer":
          return own ? parts.checks.answered(body.value, opened.sender) : undefined;
        case "stateSnapshot":
          return own ? parts.checks.pageCame(body.value, opened.sender) : undefined;
        case "historyFromSource":
          return own ? parts.history.fromSource(body.value, opened.sender) : undefined;
        case "historyToSource":
          return own ? parts.history.toSource(body.value, opened.sender) : undefined;
        case "attachmentRequest":
          return own ? parts.holder.requested(body.value, opened.sender.device) : undefined;
        case "attachmentReady":
          return own ? parts.asker.ready(body.value, opened.sender.device) : undefined;
        case "attachmentMissing":
          return own ? parts.asker.missing(body.value, opened.sender.device) : undefined;
        case "deviceCapsuleKey":
          return own ? parts.capsules.keyCame(body.value.key, opened.sender.device) : undefined;
        case "nothing":
        case undefined:
          return undefined;
      }
    },
  };

  function takeMessage(c: Core, { receipts, stranger }: Parts, opened: OpenedContent, message: Message, own: boolean): void {
    const account = opened.conversation;
    if (account === undefined) return;
    const contact = contacts.find(account);
    const conversation = c.store.conversations.ensure(conversationWith(account), { accepted: own || contact?.listed === 1 });
    // Whoever writes first accepts.
    if (own) acceptConversation(c, account, true);
    const row: NewMessage = {
      id: freeId(opened, conversation.row, own),
      conversation: conversation.row,
      sentAtMs: Math.min(opened.sentAtMs, opened.serverTimeMs),
      orderFrom: orderOfDelivery(opened.sentAtMs, opened.serverTimeMs, c.timeMs(), () => messages.newestMs()),
      outgoing: own,
      senderAccount: opened.sender.account,
      senderName: "",
      kind: "text",
      status: own ? "sent" : "received",
      text: message.text,
      quoted: quotedId(message),
      attachments: message.attachments.slice(0, MAX_ATTACHMENTS).map(fromWireAttachment),
    };
    const order = messages.insert(row);
    const isNew = order !== undefined || messages.replacePlaceholder(row);
    if (!own && conversation.accepted === 1) receipts.delivered(account, opened.messageId);
    if (!isNew) return;
    if (order !== undefined) c.store.conversations.noteMessage(conversation.row, order, own ? undefined : row.id);
    if (!own && (contact === undefined || contact.handle === "")) stranger(account);
    c.notify.message(row.id, true);
    c.notify.messagesChanged(conversation.id);
  }

  /**
   * Senders choose their ids, and the server sees them: someone else's message must not take the place of this one, nor this one the place of
   * someone else's. Then it stands under a number that only its sender could have given it.
   */
  function freeId({ messageId, sender }: OpenedContent, conversation: number, outgoing: boolean): MessageId {
    const taken = messages.row(messageId);
    if (taken === undefined || (taken.conversation === conversation && taken.outgoing === outgoing)) return messageId;
    const own = concat(utf8("hawser taken id v1\0"), accountIdToBytes(sender.account), messageIdToBytes(messageId));
    return messageIdFromBytes(core.ports.primitives.sha256(own).slice(0, MESSAGE_ID_SIZE_BYTES));
  }
}

function quotedId(message: Message): MessageId | undefined {
  return message.quotedMessageId.length === 16 ? messageIdFromBytes(message.quotedMessageId) : undefined;
}

function takeReceipts(core: Core, receipts: WireReceipts, from: AccountId): void {
  if (receipts.kind === ReceiptKind.UNSPECIFIED) return;
  const status = receipts.kind === ReceiptKind.READ ? "read" : "delivered";
  const conversation = core.store.conversations.find(conversationWith(from));
  if (conversation === undefined) return;
  for (const bytes of receipts.messageIds.slice(0, MAX_RECEIPTS)) {
    if (bytes.length !== 16) continue;
    const id = messageIdFromBytes(bytes);
    // Only the conversation's other end can say anything about a message in it.
    if (core.store.messages.row(id)?.conversation !== conversation.row) continue;
    if (core.store.messages.raiseStatus(id, status)) core.notify.message(id, false);
  }
}

function takeProfile(core: Core, profile: Profile, from: AccountId): void {
  const name = profile.displayName.slice(0, MAX_NAME_LENGTH);
  core.store.contacts.put(from, { profile_name: name });
  core.notify.changed("contacts");
  core.notify.changed("conversations");
}
