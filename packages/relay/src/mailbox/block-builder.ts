/**
 * The block under way: records copied from receive buffers, and what its commit will make true. Invariant: nothing outside
 * sees a copy of this block before the commit, and a failed commit takes back every trace of it.
 */
import type { Bytes } from "@hawser/base";
import {
  beginRecord,
  COPY_HEAD_BYTES,
  DELIVERY_HEAD_BYTES,
  endRecord,
  MESSAGE_ID_AT,
  RECORD_FIXED_BYTES,
  writeCopy,
} from "./block-record.ts";
import type { Mailbox } from "./mailbox.ts";
import { BLOCK_SPAN } from "./mailbox-bounds.ts";
import type { SentWindow } from "./sent-window.ts";

export interface Sender {
  /** 20 bytes. */
  readonly accountBytes: Bytes;
  readonly device: number;
  readonly window: SentWindow;
}

export interface Recipient {
  readonly mailbox: Mailbox;
  /** 20 bytes, the mailbox's account. */
  readonly accountBytes: Bytes;
  readonly capsule: Bytes;
}

/** Bytes that one message takes in a block. */
export function recordSize(body: Bytes, recipients: readonly Recipient[]): number {
  let size = RECORD_FIXED_BYTES + body.length;
  for (const recipient of recipients) size += COPY_HEAD_BYTES + recipient.capsule.length;
  return size;
}

export class BlockBuilder {
  readonly #bytes = new Uint8Array(BLOCK_SPAN);
  /** One entry a copy, in parallel; plain arrays because this is the hottest path of the server. */
  readonly mailboxes: Mailbox[] = [];
  readonly offsets: number[] = [];
  readonly sizes: number[] = [];
  readonly #windows: SentWindow[] = [];
  readonly #records: number[] = [];
  usedBytes = 0;

  /** Whether a record of this size still fits: a block stays below BLOCK_SPAN. */
  hasRoom(sizeBytes: number): boolean {
    return this.usedBytes + sizeBytes < BLOCK_SPAN;
  }

  add(nowMs: number, sender: Sender, messageId: Bytes, body: Bytes, recipients: readonly Recipient[]): void {
    const bytes = this.#bytes;
    const recordAt = this.usedBytes;
    let at = beginRecord(bytes, recordAt, nowMs, sender, messageId, recipients.length);
    for (const { mailbox, accountBytes, capsule } of recipients) {
      mailbox.provisional++;
      this.mailboxes.push(mailbox);
      this.offsets.push(at);
      this.sizes.push(DELIVERY_HEAD_BYTES + 2 + capsule.length + 4 + body.length);
      at = writeCopy(bytes, at, recordAt, accountBytes, mailbox.device, mailbox.last + mailbox.provisional, capsule);
    }
    this.usedBytes = endRecord(bytes, recordAt, at, body);
    this.#windows.push(sender.window);
    this.#records.push(recordAt);
  }

  /** A copy of the block, for the log to keep. */
  contents(): Bytes {
    return this.#bytes.slice(0, this.usedBytes);
  }

  /** The commit failed: sequence numbers and message ids are free again. */
  takeBack(): void {
    for (const mailbox of this.mailboxes) mailbox.provisional = 0;
    for (let i = 0; i < this.#records.length; i++) this.#windows[i]!.remove(this.#bytes, this.#records[i]! + MESSAGE_ID_AT);
  }

  clear(): void {
    this.usedBytes = 0;
    this.mailboxes.length = 0;
    this.offsets.length = 0;
    this.sizes.length = 0;
    this.#windows.length = 0;
    this.#records.length = 0;
  }
}
