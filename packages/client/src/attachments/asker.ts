/**
 * Gets bytes that the server does not have from another own device. Invariants: what was asked stands in the store until it is answered
 * or too old, so an answer that comes after the person gave up (or after a restart) still brings the bytes; an answer nobody asked for
 * changes nothing; each device is asked once about an attachment, a phone first. docs/PROTOCOL.md, "Attachments on demand".
 */
import {
  type Bytes,
  type DeviceNumber,
  type MessageId,
  messageIdFromBytes,
  messageIdToBytes,
  newMessageId,
  OperationalError,
  toHex,
} from "@hawser/base";
import { type AttachmentMissing, type AttachmentReady, DeviceKind, MAX_BLOB_BYTES } from "@hawser/wire";
import {
  ASK_ATTACHMENT_AGAIN_AFTER_MS,
  ASK_NEXT_DEVICE_AFTER_MS,
  ATTACHMENT_DEADLINE_MS,
  ATTACHMENT_REQUEST_KEPT_MS,
  MAX_ATTACHMENT_REQUESTS,
  MAX_ATTACHMENT_WAITS,
} from "../bounds.ts";
import type { Core } from "../core.ts";
import { encodeContent } from "../messaging/content.ts";

export interface AttachmentAsker {
  /** Resolves with the plaintext; rejects with ATTACHMENT_UNAVAILABLE after the deadline or when every own device said no. */
  obtain(id: MessageId, index: number): Promise<Bytes>;
  /** Answers; inside the delivery's transaction. */
  ready(answer: AttachmentReady, from: DeviceNumber): void;
  missing(answer: AttachmentMissing, from: DeviceNumber): void;
  /** On every connection: forgets what is too old, asks again what got no answer for long. */
  resume(): void;
  stop(): void;
}

interface Wish {
  readonly promise: Promise<Bytes>;
  settle(outcome: Bytes | OperationalError): void;
}

/** `fetch`: downloads what the attachment's row names now, keeps it and tells the screens. */
export function createAttachmentAsker(core: Core, fetch: (id: MessageId, index: number) => Promise<Bytes>): AttachmentAsker {
  const { attachmentRequests, messages } = core.store;
  const wishes = new Map<string, Wish>();
  const keyOf = (id: MessageId, index: number): string => `${id}/${index}`;
  let stopped = false;

  /** The own other devices, phones first: what was imported is there. */
  const holders = (): DeviceNumber[] => {
    const self = core.identity.requireSelf();
    const others = core.store.lists.latest(self.account)?.list.devices.filter((device) => device.number !== self.device) ?? [];
    return others
      .toSorted((a, b) => Number(b.kind === DeviceKind.PHONE) - Number(a.kind === DeviceKind.PHONE))
      .map((device) => device.number as DeviceNumber);
  };

  const post = (id: MessageId, index: number, device: DeviceNumber): void => {
    const self = core.identity.requireSelf();
    const nowMs = core.timeMs();
    const messageId = newMessageId(nowMs, core.ports.random);
    const body = { case: "attachmentRequest", value: { messageId: messageIdToBytes(id), index } } as const;
    const content = encodeContent({ sender: self, conversation: undefined, messageId, sentAtMs: nowMs }, body);
    core.store.outbox.add({ messageId, audience: "device", account: self.account, device, content });
    core.store.resends.keepSent(messageId, self.account, content, nowMs);
    attachmentRequests.put("asked-here", { messageId: id, index, device, missing: false, askedAtMs: nowMs });
    core.notify.changed("outbox");
  };

  /** Asks the next device that was not asked yet; false when there is none. */
  const askNext = (id: MessageId, index: number): boolean =>
    core.store.atomically(() => {
      const asked = new Set(attachmentRequests.of("asked-here", id, index).map((question) => question.device));
      const next = holders().find((device) => !asked.has(device));
      if (next === undefined) return false;
      if (attachmentRequests.count("asked-here") >= MAX_ATTACHMENT_REQUESTS) {
        for (const oldest of attachmentRequests.list("asked-here", 1))
          attachmentRequests.delete("asked-here", oldest.messageId, oldest.index);
      }
      post(id, index, next);
      return true;
    });

  const isOpen = (id: MessageId, index: number): boolean => {
    const present = new Set(holders());
    return attachmentRequests.of("asked-here", id, index).some((question) => !question.missing && present.has(question.device));
  };

  /** Nobody is left who could have it: the next wish starts from the beginning. */
  const giveUp = (id: MessageId, index: number): void => {
    attachmentRequests.delete("asked-here", id, index);
    wishes.get(keyOf(id, index))?.settle(new OperationalError("ATTACHMENT_UNAVAILABLE"));
  };

  const makeWish = (id: MessageId, index: number): Wish => {
    const { clock } = core.ports;
    const { promise, resolve, reject } = withResolvers<Bytes>();
    let cancelNext = (): void => undefined;
    const cancelDeadline = clock.after(ATTACHMENT_DEADLINE_MS, () =>
      wish.settle(new OperationalError("ATTACHMENT_UNAVAILABLE", { retry: { afterMs: ATTACHMENT_DEADLINE_MS } })),
    );
    const wish: Wish = {
      promise,
      settle(outcome) {
        cancelDeadline();
        cancelNext();
        wishes.delete(keyOf(id, index));
        if (outcome instanceof OperationalError) reject(outcome);
        else resolve(outcome);
      },
    };
    const tick = (): void => {
      cancelNext = clock.after(ASK_NEXT_DEVICE_AFTER_MS, () => {
        if (core.identity.phase() === "ready" && askNext(id, index)) tick();
      });
    };
    tick();
    wishes.set(keyOf(id, index), wish);
    return wish;
  };

  const bring = (id: MessageId, index: number): void => {
    if (stopped || core.identity.phase() !== "ready") return;
    fetch(id, index).then(
      (bytes) => wishes.get(keyOf(id, index))?.settle(bytes),
      (error: unknown) => {
        core.log({ event: "attachment-fetch-failed", error: error instanceof OperationalError ? error.code : "unknown" });
        // The row names the blob now: the next wish downloads it.
        const reason = error instanceof OperationalError ? error : new OperationalError("ATTACHMENT_UNAVAILABLE", { cause: error });
        wishes.get(keyOf(id, index))?.settle(reason);
      },
    );
  };

  return {
    obtain(id, index) {
      const known = wishes.get(keyOf(id, index));
      if (known !== undefined) return known.promise;
      if (wishes.size >= MAX_ATTACHMENT_WAITS) return Promise.reject(new OperationalError("OVERLOADED", { retry: { afterMs: 1_000 } }));
      const wish = makeWish(id, index);
      if (!isOpen(id, index) && !askNext(id, index)) giveUp(id, index);
      return wish.promise;
    },
    ready(answer, from) {
      const { index } = answer;
      const sizeBytes = Number(answer.plaintextSizeBytes);
      if (answer.messageId.length !== 16 || answer.blobId.length !== 32 || answer.key.length !== 32 || sizeBytes > MAX_BLOB_BYTES) return;
      const id = messageIdFromBytes(answer.messageId);
      const asked = attachmentRequests.of("asked-here", id, index).some((question) => question.device === from);
      const row = messages.attachment(id, index);
      if (!asked || row === undefined) return;
      attachmentRequests.delete("asked-here", id, index);
      if (row.local_id === null) messages.setSource(row.message, index, { blob: toHex(answer.blobId), key: answer.key, sizeBytes });
      // After the delivery's transaction.
      void Promise.resolve().then(() => bring(id, index));
    },
    missing(answer, from) {
      if (answer.messageId.length !== 16) return;
      const id = messageIdFromBytes(answer.messageId);
      const { index } = answer;
      const question = attachmentRequests.of("asked-here", id, index).find((candidate) => candidate.device === from);
      if (question === undefined) return;
      attachmentRequests.put("asked-here", { ...question, missing: true });
      if (!askNext(id, index) && !isOpen(id, index)) giveUp(id, index);
    },
    resume() {
      const nowMs = core.timeMs();
      const present = new Set(holders());
      core.store.atomically(() => {
        attachmentRequests.forgetBefore(nowMs - ATTACHMENT_REQUEST_KEPT_MS);
        for (const { messageId, index, device, missing, askedAtMs } of attachmentRequests.list("asked-here", MAX_ATTACHMENT_REQUESTS)) {
          if (!present.has(device)) attachmentRequests.delete("asked-here", messageId, index, device);
          else if (!missing && nowMs - askedAtMs >= ASK_ATTACHMENT_AGAIN_AFTER_MS) post(messageId, index, device);
        }
      });
    },
    stop() {
      stopped = true;
      for (const wish of wishes.values()) wish.settle(new OperationalError("CLOSED"));
    },
  };
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: OperationalError) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: OperationalError) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
