/**
 * What this device sent and has no copy of to send again: its store was put back or lost since, and the message itself came back from its
 * own other devices. Invariant: nobody gets more than the kept copy would give, except that the lists say who it was sealed for.
 * docs/PROTOCOL.md, "Content".
 */
import { accountOfConversation, type DeviceAddress, type MessageId, messageIdToBytes } from "@hawser/base";
import { MAX_ATTACHMENTS, MAX_BODY_BYTES } from "@hawser/wire";
import { RESEND_KEPT_MS } from "../bounds.ts";
import type { Core } from "../core.ts";
import { deviceOf } from "../devices/directory.ts";
import { toWireAttachment } from "../store/history-rows.ts";
import { encodeContent, paddedSize } from "./content.ts";

/** Both list views, the nonce and the tag: more than they ever take. */
const AROUND_CONTENT_BYTES = 512;

/** `undefined`: there is nothing for that device. `agreedMs`: what two clocks say is over. */
export function contentFromRow({ store, identity }: Core, id: MessageId, by: DeviceAddress, agreedMs: number): Uint8Array | undefined {
  const message = store.messages.find(id);
  if (message === undefined || !message.outgoing || message.kind !== "text") return undefined;
  const account = accountOfConversation(message.conversation);
  if (account === undefined || message.sentAtMs < agreedMs - RESEND_KEPT_MS) return undefined;
  const self = identity.requireSelf();
  // It was sealed for the devices that stood in the list then.
  const addedAtMs = deviceOf(store.lists.latest(by.account), by.device)?.addedAtMs;
  const wasMeant = by.account === self.account || (by.account === account && addedAtMs !== undefined && addedAtMs <= message.sentAtMs);
  if (!wasMeant) return undefined;
  const content = encodeContent(
    { sender: self, conversation: account, messageId: id, sentAtMs: message.sentAtMs },
    {
      case: "message",
      value: {
        text: message.text,
        quotedMessageId: message.quoted === undefined ? new Uint8Array(0) : messageIdToBytes(message.quoted.id),
        attachments: store.messages.attachmentsOf(message.order).slice(0, MAX_ATTACHMENTS).map(toWireAttachment),
      },
    },
  );
  // What an own device gave as history may be larger than anything that was ever sent.
  return paddedSize(content.length + AROUND_CONTENT_BYTES) <= MAX_BODY_BYTES ? content : undefined;
}
