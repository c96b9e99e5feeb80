/**
 * Writing a message: the row a person sees, the content the outbox carries and the copy for resends, in one transaction. Repeating a
 * call with the same id changes nothing.
 */
import {
  type AccountId,
  accountOfConversation,
  type Bytes,
  type ConversationId,
  fromHex,
  type MessageId,
  messageIdToBytes,
  newMessageId,
  OperationalError,
  utf8,
} from "@hawser/base";
import { sealStream } from "@hawser/crypto";
import { MAX_ATTACHMENTS, MAX_BLOB_BYTES, MAX_TEXT_BYTES, MAX_THUMBNAIL_BYTES } from "@hawser/wire";
import type { FilePreview, FileSource, MessageView } from "../api.ts";
import { MAX_PICTURE_SIDE, MAX_THUMBNAILS_PER_MESSAGE_BYTES } from "../bounds.ts";
import type { Core } from "../core.ts";
import { encodeContent } from "../messaging/content.ts";
import { orderOfOwn } from "../messaging/order.ts";
import { acceptConversation } from "../messaging/state-apply.ts";
import type { NewAttachment } from "../store/messages.ts";

export interface SendOptions {
  readonly conversation: ConversationId;
  readonly text: string;
  readonly quoted?: MessageId;
  readonly attachments?: readonly FileSource[];
  readonly id?: MessageId;
}

interface SealedFile {
  readonly attachment: NewAttachment;
  readonly plaintext: Bytes;
  readonly sealed: Bytes;
}

/** Ciphertext that waits for its upload stands beside the plaintext under this prefix. */
export const uploadId = (blob: string): string => `up:${blob}`;

export async function sendMessage(core: Core, options: SendOptions): Promise<MessageView> {
  const self = core.identity.requireSelf();
  const account = accountOfConversation(options.conversation);
  if (account === undefined) throw new OperationalError("UNKNOWN_CONVERSATION");
  if (account === self.account) throw new OperationalError("SELF");
  const files = options.attachments ?? [];
  if (options.text.trim() === "" && files.length === 0) throw new OperationalError("EMPTY_MESSAGE");
  if (utf8(options.text).length > MAX_TEXT_BYTES) throw new OperationalError("TEXT_TOO_LONG");
  if (files.length > MAX_ATTACHMENTS || files.some((file) => file.sizeBytes > MAX_BLOB_BYTES)) throw new OperationalError("LIMIT_EXCEEDED");
  const id = options.id ?? newMessageId(core.timeMs(), core.ports.random);
  if (!core.store.messages.has(id)) {
    const sealed: SealedFile[] = [];
    let thumbnailBytes = 0;
    for (const file of files) {
      const one = await sealFile(core, file, MAX_THUMBNAILS_PER_MESSAGE_BYTES - thumbnailBytes);
      thumbnailBytes += one.attachment.thumbnail?.length ?? 0;
      sealed.push(one);
    }
    core.store.database.transaction(() => write(core, id, account, options, sealed));
    core.notify.message(id, true);
    core.notify.messagesChanged(options.conversation);
    core.notify.changed("outbox");
  }
  return core.store.messages.find(id)!;
}

function write(core: Core, id: MessageId, account: AccountId, options: SendOptions, files: readonly SealedFile[]): void {
  const { store } = core;
  const self = core.identity.requireSelf();
  const conversation = store.conversations.ensure(options.conversation);
  acceptConversation(core, account, true);
  tellProfile(core, account);
  const order = orderOfOwn(core.timeMs(), store.messages.lastOrder(conversation.row));
  const inserted = store.messages.insert({
    id,
    conversation: conversation.row,
    sentAtMs: Math.floor(order / 1_000),
    orderFrom: order,
    outgoing: true,
    senderAccount: self.account,
    senderName: "",
    kind: "text",
    status: "queued",
    text: options.text,
    quoted: options.quoted,
    attachments: files.map((file) => file.attachment),
  });
  if (inserted === undefined) return;
  store.conversations.noteMessage(conversation.row, inserted, undefined);
  if (conversation.draft !== "") store.conversations.update(conversation.row, { draft: "" });
  for (const { attachment, plaintext, sealed } of files) {
    store.blobs.put(attachment.blob!, plaintext);
    store.blobs.put(uploadId(attachment.blob!), sealed);
  }
  const content = encodeContent(
    { sender: self, conversation: account, messageId: id, sentAtMs: Math.floor(order / 1_000) },
    {
      case: "message",
      value: {
        text: options.text,
        quotedMessageId: options.quoted === undefined ? new Uint8Array(0) : messageIdToBytes(options.quoted),
        attachments: files.map(({ attachment }) => ({
          blobId: fromHex(attachment.blob!)!,
          key: attachment.key!,
          plaintextSizeBytes: BigInt(attachment.sizeBytes),
          mediaType: attachment.mediaType,
          fileName: attachment.fileName,
          width: attachment.width,
          height: attachment.height,
          thumbnail: attachment.thumbnail ?? new Uint8Array(0),
        })),
      },
    },
  );
  store.outbox.add({ messageId: id, audience: "conversation", account, content, uploads: files.map((file) => file.attachment.blob!) });
  store.resends.keepSent(id, account, content, core.timeMs());
}

/** The first message to someone brings the own name along. */
function tellProfile(core: Core, account: AccountId): void {
  if (core.store.contacts.find(account)?.profile_sent === 1) return;
  const self = core.identity.requireSelf();
  const nowMs = core.timeMs();
  const messageId = newMessageId(nowMs, core.ports.random);
  const content = encodeContent(
    { sender: self, conversation: account, messageId, sentAtMs: nowMs },
    { case: "profile", value: { displayName: self.displayName, handle: self.handle } },
  );
  core.store.outbox.add({ messageId, audience: "peer", account, content });
  core.store.contacts.put(account, { profile_sent: 1 });
}

async function sealFile(core: Core, file: FileSource, thumbnailRoomBytes: number): Promise<SealedFile> {
  const plaintext = await file.read(0, file.sizeBytes);
  const { key, sealed, blobId } = sealStream(core.ports.primitives, plaintext, { random: core.ports.random });
  const attachment: NewAttachment = {
    blob: blobId,
    key,
    sizeBytes: plaintext.length,
    mediaType: file.mediaType,
    fileName: file.name,
    ...previewOf(file.preview, thumbnailRoomBytes),
    localId: blobId,
  };
  return { attachment, plaintext, sealed };
}

/** A preview is a nicety: what is out of bounds is left out, the file goes all the same. */
function previewOf(preview: FilePreview | undefined, roomBytes: number): Pick<NewAttachment, "width" | "height" | "thumbnail"> {
  const isSide = (pixels: number | undefined): pixels is number =>
    Number.isSafeInteger(pixels) && pixels! > 0 && pixels! <= MAX_PICTURE_SIDE;
  const known = preview !== undefined && isSide(preview.width) && isSide(preview.height);
  const thumbnail = preview?.thumbnail;
  const fits = thumbnail !== undefined && thumbnail.length > 0 && thumbnail.length <= Math.min(MAX_THUMBNAIL_BYTES, roomBytes);
  return { width: known ? preview.width : 0, height: known ? preview.height : 0, thumbnail: fits ? thumbnail.slice() : undefined };
}

/** Puts a message that was refused back into the outbox; one that waits is tried at once. */
export function retryMessage(core: Core, id: MessageId): void {
  const row = core.store.messages.row(id);
  if (row === undefined || !row.outgoing) throw new OperationalError("UNKNOWN_MESSAGE");
  if (row.status === "failed") {
    const sent = core.store.resends.findSent(id);
    if (sent === undefined) throw new OperationalError("UNKNOWN_MESSAGE");
    core.store.database.transaction(() => {
      core.store.messages.raiseStatus(id, "queued");
      core.store.outbox.add({ messageId: id, audience: "conversation", account: sent.account, content: sent.content });
    });
    core.notify.message(id, false);
  }
  core.store.outbox.retryNow();
  core.notify.changed("outbox");
}
