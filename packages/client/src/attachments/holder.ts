/**
 * Hands bytes of attachments to other own devices that ask for them. Invariants: a request stands in the store until its answer is in the
 * outbox, in one transaction, so a crash between them repeats the work and loses nothing; one file is in memory at a time; only devices
 * of the own list are served. docs/PROTOCOL.md, "Attachments on demand".
 */
import {
  type BlobId,
  type Bytes,
  type DeviceNumber,
  fromHex,
  type MessageId,
  messageIdFromBytes,
  messageIdToBytes,
  newMessageId,
  OperationalError,
} from "@hawser/base";
import { sealedStreamSizeBytes, sealStream } from "@hawser/crypto";
import { type AttachmentRequest, MAX_ATTACHMENTS, MAX_BLOB_BYTES } from "@hawser/wire";
import type { BlobTransfer } from "../blobs/transfer.ts";
import { ATTACHMENT_UPLOAD_RETRY_MS, MAX_ATTACHMENT_REQUESTS, MAX_REMEMBERED_UPLOADS, REMEMBERED_UPLOAD_MS } from "../bounds.ts";
import { isTransient } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import { type ContentBody, encodeContent } from "../messaging/content.ts";
import type { AttachmentQuestion } from "../store/attachment-requests.ts";

export interface AttachmentHolder {
  /** Inside the delivery's transaction; the work starts in a later tick. */
  requested(request: AttachmentRequest, from: DeviceNumber): void;
  /** On every connection. */
  resume(): void;
  stop(): void;
}

interface Uploaded {
  readonly blob: BlobId;
  readonly key: Bytes;
  readonly sizeBytes: number;
  readonly atMs: number;
}

export function createAttachmentHolder(core: Core, transfer: BlobTransfer): AttachmentHolder {
  const { attachmentRequests, messages, blobs } = core.store;
  const uploads = new Map<string, Uploaded>();
  let running = false;
  let stopped = false;
  let cancelRetry: (() => void) | undefined;

  const wake = (): void => {
    if (running || stopped) return;
    running = true;
    void work().finally(() => (running = false));
  };

  const work = async (): Promise<void> => {
    while (!stopped && core.identity.phase() === "ready") {
      const next = attachmentRequests.list("asked-of-us", 1)[0];
      if (next === undefined) return;
      try {
        await serve(next);
      } catch (error) {
        if (stopped) return;
        core.log({ event: "attachment-upload-failed", error: error instanceof OperationalError ? error.code : "unknown" });
        cancelRetry?.();
        cancelRetry = core.ports.clock.after(ATTACHMENT_UPLOAD_RETRY_MS, wake);
        return;
      }
    }
  };

  const serve = async (question: AttachmentQuestion): Promise<void> => {
    const { messageId, index } = question;
    const key = `${messageId}/${index}`;
    const known = uploads.get(key);
    if (known !== undefined && core.ports.clock.monotonicMs() - known.atMs < REMEMBERED_UPLOAD_MS) return answerReady(question, known);
    const bytes = bytesOf(messageId, index);
    if (bytes === undefined) return answerMissing(question);
    const { key: streamKey, sealed, blobId } = sealStream(core.ports.primitives, bytes, { random: core.ports.random });
    try {
      await transfer.upload(blobId, sealed, "history");
    } catch (error) {
      if (isTransient(error) || !(error instanceof OperationalError)) throw error;
      // Repeating cannot help (quota): say so now rather than never.
      return answerMissing(question);
    }
    if (stopped || core.identity.phase() !== "ready") return;
    const uploaded: Uploaded = { blob: blobId, key: streamKey, sizeBytes: bytes.length, atMs: core.ports.clock.monotonicMs() };
    uploads.set(key, uploaded);
    if (uploads.size > MAX_REMEMBERED_UPLOADS) uploads.delete(uploads.keys().next().value!);
    answerReady(question, uploaded);
  };

  const bytesOf = (id: MessageId, index: number): Bytes | undefined => {
    const row = messages.attachment(id, index);
    if (row === undefined || row.local_id === null || sealedStreamSizeBytes(row.size_bytes) > MAX_BLOB_BYTES) return undefined;
    return blobs.get(row.local_id);
  };

  const answerReady = (question: AttachmentQuestion, { blob, key, sizeBytes }: Uploaded): void =>
    answer(question, {
      case: "attachmentReady",
      value: {
        messageId: messageIdToBytes(question.messageId),
        index: question.index,
        blobId: fromHex(blob)!,
        key,
        plaintextSizeBytes: BigInt(sizeBytes),
      },
    });
  const answerMissing = (question: AttachmentQuestion): void =>
    answer(question, { case: "attachmentMissing", value: { messageId: messageIdToBytes(question.messageId), index: question.index } });

  const answer = (question: AttachmentQuestion, body: ContentBody): void =>
    core.store.atomically(() => {
      const self = core.identity.requireSelf();
      const nowMs = core.timeMs();
      const messageId = newMessageId(nowMs, core.ports.random);
      const content = encodeContent({ sender: self, conversation: undefined, messageId, sentAtMs: nowMs }, body);
      core.store.outbox.add({ messageId, audience: "device", account: self.account, device: question.device, content });
      core.store.resends.keepSent(messageId, self.account, content, nowMs);
      attachmentRequests.delete("asked-of-us", question.messageId, question.index, question.device);
      core.notify.changed("outbox");
    });

  return {
    requested({ messageId, index }, from) {
      if (messageId.length !== 16 || index >= MAX_ATTACHMENTS) return;
      if (attachmentRequests.count("asked-of-us") >= MAX_ATTACHMENT_REQUESTS) return core.log({ event: "attachment-requests-full" });
      attachmentRequests.put("asked-of-us", {
        messageId: messageIdFromBytes(messageId),
        index,
        device: from,
        missing: false,
        askedAtMs: core.timeMs(),
      });
      void Promise.resolve().then(wake);
    },
    resume: wake,
    stop() {
      stopped = true;
      cancelRetry?.();
    },
  };
}
