/**
 * The mailboxes of all devices this server serves. Invariants: an append is acknowledged (`onCommit`) only after the block
 * that holds it is durable; what was appended is delivered in sequence order until the device's cursor covers it; an
 * overflow drops the oldest messages and says so, it never removes a device. docs/PROTOCOL.md, "Mailbox".
 *
 * Synchronous and without I/O of its own: database, clock, random and the scheduling of a flush are arguments, so the
 * simulator runs this very code.
 */
import {
  accountIdFromBytes,
  type AccountId,
  assert,
  type Bytes,
  type Clock,
  type DeviceAddress,
  type DeviceNumber,
  formatAddress,
  type Random,
  type SqlDatabase,
} from "@hawser/base";
import { MAX_MAILBOX_BYTES, MAX_MAILBOX_MESSAGES } from "@hawser/wire";
import { type Block, BlockLog, positionOf } from "./block-log.ts";
import { type BlockSync, type CommitListener, GroupCommit } from "./group-commit.ts";
import type { BlockBuilder, Recipient, Sender } from "./block-builder.ts";
import { copiesOf, type CopySink, sentKeysOf } from "./block-record.ts";
import { Mailbox, type MailboxSubscriber } from "./mailbox.ts";
import { MAX_EXPIRED_PER_PASS, OVERFLOW_SLACK_MESSAGES, RETENTION_EVERY_MS, RETENTION_MS, UPKEEP_EVERY_MS } from "./mailbox-bounds.ts";
import { MailboxStore } from "./mailbox-store.ts";
import { PositionRing } from "./position-ring.ts";
import { readMailbox } from "./read-mailbox.ts";
import { recall, SentMemory } from "./sent-memory.ts";
import { type SentWindow, SentWindows } from "./sent-window.ts";
import { runUpkeep } from "./upkeep.ts";

export interface MailboxesOptions {
  /** Opened with full synchronisation: a statement that returned is durable. */
  readonly database: SqlDatabase;
  /** Syncs the store beside the work. Without one each commit waits for the disk. */
  readonly sync?: BlockSync;
  readonly clock: Clock;
  readonly random: Random;
  /** Runs the callback once, after the input that is ready now was read: `setImmediate`. */
  schedule(callback: () => void): void;
  /** The store refused an upkeep; it is tried again. Messages are safe, memory grows meanwhile. */
  onUpkeepFailure?(cause: unknown): void;
  /** Default: the limits of `@hawser/wire`. */
  readonly maxMessages?: number;
  readonly maxBytes?: number;
}

export interface Attachment {
  readonly mailbox: Mailbox;
  readonly epoch: number;
  /** Deliver what comes after this. */
  readonly start: number;
  /** Messages were dropped, or the device's cursor belongs to another life of this store. */
  readonly needsResync: boolean;
  /** What the device is known to have committed in this epoch. */
  readonly committed: number;
  /** The last message the device sent, 16 bytes; `undefined` when nothing is remembered. */
  readonly lastSent: Bytes | undefined;
}

export class Mailboxes {
  readonly #store: MailboxStore;
  readonly #log: BlockLog;
  readonly #commits: GroupCommit;
  readonly #windows = new SentWindows();
  readonly #memory: SentMemory;
  readonly #clock: Clock;
  readonly #options: MailboxesOptions;
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  readonly #accounts = new Map<AccountId, Map<DeviceNumber, Mailbox>>();
  readonly #dirty = new Set<Mailbox>();
  /** Opened or left since the last upkeep: those with nothing in them leave the memory. */
  #opened: Mailbox[] = [];
  #cancelUpkeep: (() => void) | undefined = undefined;
  #cancelRetention: () => void = () => undefined;
  #closed = false;

  constructor(options: MailboxesOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#maxMessages = options.maxMessages ?? MAX_MAILBOX_MESSAGES;
    this.#maxBytes = options.maxBytes ?? MAX_MAILBOX_BYTES;
    this.#store = new MailboxStore(options.database, options.random);
    this.#log = new BlockLog(this.#store);
    this.#memory = new SentMemory(this.#store);
    this.#commits = new GroupCommit({
      log: this.#log,
      clock: options.clock,
      sync: options.sync,
      schedule: (callback) => options.schedule(callback),
      publish: (block, contents) => this.#publish(block, contents),
      failed: ({ mailboxes }) => mailboxes.forEach((mailbox) => this.#markDirty(mailbox)),
    });
    // The store has set itself up durably. From here on it is synced from outside, once a block.
    if (options.sync !== undefined) options.database.exec("PRAGMA synchronous = NORMAL");
    this.#restore();
    this.#scheduleRetention();
  }

  /** Rebuilds rings and windows from the log. */
  #restore(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#memory.restore(this.#windows);
    for (const index of this.#store.blockIndices()) {
      const bytes = this.#store.readBlock(index);
      const block = this.#log.restore(index, bytes, nowMs);
      recall(sentKeysOf(bytes), this.#windows);
      for (const copy of copiesOf(bytes)) {
        const mailbox = this.mailbox(accountIdFromBytes(copy.account), copy.device as DeviceNumber);
        if (copy.sequence <= Math.max(mailbox.cursor, mailbox.dropped, mailbox.coldLast)) continue;
        // A mailbox without a row has never lost one: releases before took the row of a revoked device away, and left copies in blocks.
        if (mailbox.row === 0 && copy.sequence !== mailbox.last + 1) continue;
        this.#enqueue(mailbox, copy.sequence, block, copy.copyAt, copy.sizeBytes);
        this.#log.retain(block);
      }
    }
    if (this.#log.size > 0) this.#armUpkeep();
  }

  onCommit(listener: CommitListener): void {
    this.#commits.listener = listener;
  }

  /** The mailbox of a device, opened when it was not in memory. Not to be kept: an idle one is closed by the upkeep. */
  mailbox(account: AccountId, device: DeviceNumber): Mailbox {
    let devices = this.#accounts.get(account);
    if (devices === undefined) {
      devices = new Map();
      this.#accounts.set(account, devices);
    }
    let mailbox = devices.get(device);
    if (mailbox === undefined) {
      mailbox = new Mailbox(account, device);
      this.#store.load(mailbox);
      devices.set(device, mailbox);
      this.#opened.push(mailbox);
      this.#armUpkeep();
    }
    return mailbox;
  }

  /** The window of a sending device; the connection holds it while it lives. */
  holdWindow(sender: DeviceAddress): SentWindow {
    const window = this.#windows.of(formatAddress(sender));
    window.holders++;
    return window;
  }

  releaseWindow(window: SentWindow): void {
    window.holders--;
  }

  /**
   * Puts one message into the block under way. False: it was stored before. Either way it may be acknowledged after the
   * next commit. Bytes are copied. A recipient must not appear twice.
   */
  append(sender: Sender, messageId: Bytes, body: Bytes, recipients: readonly Recipient[]): boolean {
    assert(!this.#closed, "the mailboxes are closed");
    if (!sender.window.add(messageId)) return false;
    if (recipients.length === 0) return true;
    this.#commits.append(sender, messageId, body, recipients);
    return true;
  }

  requestFlush(): void {
    this.#commits.request();
  }

  /** Everything appended before is durable when it returns, or has failed; subscribers and the listener know. */
  flush(): void {
    this.#commits.flush();
  }

  #publish(block: Block, building: BlockBuilder): void {
    const { mailboxes, offsets, sizes } = building;
    const touched: Mailbox[] = [];
    for (let i = 0; i < mailboxes.length; i++) {
      const mailbox = mailboxes[i]!;
      mailbox.provisional--;
      this.#enqueue(mailbox, mailbox.last + 1, block, offsets[i]!, sizes[i]!);
      if (mailbox.touched) continue;
      mailbox.touched = true;
      touched.push(mailbox);
    }
    for (const mailbox of touched) {
      mailbox.touched = false;
      if (mailbox.forgotten) this.advance(mailbox, mailbox.last);
      else this.#enforceBounds(mailbox);
      mailbox.subscriber?.mailboxChanged();
    }
    this.#armUpkeep();
  }

  #enqueue(mailbox: Mailbox, sequence: number, block: Block, offset: number, sizeBytes: number): void {
    mailbox.ring ??= new PositionRing();
    mailbox.ring.push(sequence, positionOf(block, offset), sizeBytes);
    mailbox.ringBytes += sizeBytes;
    mailbox.last = sequence;
  }

  #enforceBounds(mailbox: Mailbox): void {
    while (mailbox.waiting > this.#maxMessages || mailbox.waitingBytes > this.#maxBytes) {
      const count = Math.max(1, Math.min(OVERFLOW_SLACK_MESSAGES, mailbox.waiting >> 4));
      mailbox.dropped = mailbox.firstWaiting + count - 1;
      this.#discard(mailbox, mailbox.dropped);
    }
  }

  /** Takes everything up to `sequence` out of the mailbox. */
  #discard(mailbox: Mailbox, sequence: number): void {
    this.#markDirty(mailbox);
    if (mailbox.coldCount > 0) {
      const left = Math.max(0, Math.min(mailbox.coldCount, mailbox.coldLast - sequence));
      if (left < mailbox.coldCount) {
        mailbox.coldDropTo = Math.min(sequence, mailbox.coldLast);
        mailbox.coldBytes = Math.round((mailbox.coldBytes * left) / mailbox.coldCount);
        mailbox.coldCount = left;
      }
    }
    const { ring } = mailbox;
    if (ring === undefined) return;
    while (ring.count > 0 && ring.firstSequence <= sequence) {
      this.#log.release(this.#log.blockOf(ring.position(ring.firstSequence)));
      mailbox.ringBytes -= ring.size(ring.firstSequence);
      ring.shift();
    }
  }

  #markDirty(mailbox: Mailbox): void {
    this.#dirty.add(mailbox);
    this.#armUpkeep();
  }

  /** A device connected and says where it stands. Whoever was subscribed before is replaced without being told. */
  attach(address: DeviceAddress, subscriber: MailboxSubscriber, client: { epoch: number; cursor: number }): Attachment {
    const mailbox = this.mailbox(address.account, address.device);
    assert(!mailbox.forgotten, "a revoked device has no mailbox");
    mailbox.subscriber = subscriber;
    const sameLife = client.epoch === this.#epochOf(mailbox);
    if (sameLife && client.cursor > mailbox.last) {
      // This store has forgotten numbers that the device has seen: they must not be given out again under the same epoch.
      mailbox.rewinds++;
      this.#markDirty(mailbox);
      const start = Math.max(mailbox.cursor, mailbox.dropped);
      return { ...this.#knownOf(mailbox), start, needsResync: true };
    }
    if (sameLife && client.cursor > mailbox.cursor) this.advance(mailbox, client.cursor);
    const start = Math.max(mailbox.cursor, mailbox.dropped);
    const known = sameLife ? client.cursor : 0;
    return { ...this.#knownOf(mailbox), start, needsResync: known < start || (!sameLife && client.epoch !== 0) };
  }

  #knownOf(mailbox: Mailbox): Omit<Attachment, "start" | "needsResync"> {
    const lastSent = this.#windows.of(formatAddress(mailbox)).last ?? mailbox.lastSent;
    return { mailbox, epoch: this.#epochOf(mailbox), committed: mailbox.cursor, lastSent };
  }

  #epochOf(mailbox: Mailbox): number {
    return (this.#store.epoch + mailbox.rewinds) % 0xffff_ffff || 1;
  }

  detach(mailbox: Mailbox, subscriber: MailboxSubscriber): void {
    if (mailbox.subscriber !== subscriber) return;
    mailbox.subscriber = undefined;
    mailbox.lastSent = this.#windows.of(formatAddress(mailbox)).last ?? mailbox.lastSent;
    if (!mailbox.forgotten && mailbox.lastSent !== undefined) this.#markDirty(mailbox);
    this.#opened.push(mailbox);
    this.#armUpkeep();
  }

  /** The device has committed everything up to `sequence`. The caller checked that it was delivered. */
  advance(mailbox: Mailbox, sequence: number): void {
    assert(sequence <= mailbox.last, "a cursor is beyond the mailbox");
    if (sequence <= mailbox.cursor) return;
    mailbox.cursor = sequence;
    this.#discard(mailbox, sequence);
  }

  /** Hands out committed messages after `sequence` until the sink is full; returns the last sequence it took. */
  read(mailbox: Mailbox, afterSequence: number, sink: CopySink): number {
    return readMailbox(this.#store, this.#log, mailbox, afterSequence, sink);
  }

  /** The device was revoked: its messages can never be fetched. Its number is never given out again. */
  forgetDevice(address: DeviceAddress): void {
    const mailbox = this.mailbox(address.account, address.device);
    mailbox.forgotten = true;
    mailbox.subscriber = undefined;
    this.advance(mailbox, mailbox.last);
  }

  /** The device is away for longer than its account wants to keep things for it. False when nothing waited, or when it is there. */
  empty(address: DeviceAddress): boolean {
    const mailbox = this.mailbox(address.account, address.device);
    if (mailbox.subscriber !== undefined || mailbox.forgotten || mailbox.waiting === 0) return false;
    mailbox.dropped = mailbox.last;
    this.#discard(mailbox, mailbox.last);
    return true;
  }

  #armUpkeep(): void {
    if (this.#cancelUpkeep !== undefined || this.#closed) return;
    this.#cancelUpkeep = this.#clock.after(UPKEEP_EVERY_MS, () => {
      this.#cancelUpkeep = undefined;
      this.upkeep();
    });
  }

  /** One round of upkeep now. Also called by its own timer while there is anything to do. */
  upkeep(): void {
    try {
      const blocks = this.#log.size;
      const written = runUpkeep(
        {
          store: this.#store,
          log: this.#log,
          memory: this.#memory,
          mailboxOf: (account, device) => this.#accounts.get(accountIdFromBytes(account))?.get(device as DeviceNumber),
        },
        this.#dirty,
        this.#clock.nowMs(),
        this.#clock.monotonicMs(),
      );
      this.#dirty.clear();
      for (const mailbox of written) this.#settle(mailbox);
      for (const mailbox of this.#opened.splice(0)) this.#settle(mailbox);
      if (written.size > 0 || this.#log.size < blocks) this.#commits.syncToo((failure) => this.#upkeepSynced(failure));
    } catch (cause) {
      this.#options.onUpkeepFailure?.(cause);
    }
    if (this.#dirty.size > 0 || this.#log.size > 0) this.#armUpkeep();
  }

  /** Nothing waits for it: what is not durable yet is written again, or happens again. */
  #upkeepSynced(failure: unknown): void {
    if (failure === undefined) return;
    this.#log.distrust();
    this.#options.onUpkeepFailure?.(failure);
  }

  /** As its row says; an idle mailbox leaves the memory. */
  #settle(mailbox: Mailbox): void {
    if (mailbox.ring?.count === 0) mailbox.ring = undefined;
    if (mailbox.subscriber !== undefined || mailbox.ring !== undefined || mailbox.provisional > 0) return;
    const devices = this.#accounts.get(mailbox.account);
    devices?.delete(mailbox.device);
    if (devices?.size === 0) this.#accounts.delete(mailbox.account);
  }

  #scheduleRetention(): void {
    this.#cancelRetention = this.#clock.after(RETENTION_EVERY_MS, () => {
      try {
        this.expire();
      } catch (cause) {
        this.#options.onUpkeepFailure?.(cause);
      }
      this.#scheduleRetention();
    });
  }

  /** Drops messages older than RETENTION_MS; their mailboxes need a resync. */
  expire(): void {
    const beforeMs = this.#clock.nowMs() - RETENTION_MS;
    for (const { account, device } of this.#store.mailboxesOlderThan(beforeMs, MAX_EXPIRED_PER_PASS)) {
      const mailbox = this.mailbox(account as AccountId, device as DeviceNumber);
      const sequence = this.#store.lastColdBefore(mailbox.row, beforeMs);
      if (sequence < mailbox.firstWaiting) continue;
      mailbox.dropped = Math.max(mailbox.dropped, sequence);
      this.#discard(mailbox, sequence);
      mailbox.subscriber?.mailboxChanged();
    }
  }

  /** For gauges. */
  get statistics(): { openMailboxes: number; logBlocks: number; logMemoryBytes: number; rememberedIds: number } {
    let openMailboxes = 0;
    for (const devices of this.#accounts.values()) openMailboxes += devices.size;
    return { openMailboxes, logBlocks: this.#log.size, logMemoryBytes: this.#log.residentBytes, rememberedIds: this.#windows.size };
  }

  /** Commits, writes cursors and stops the timers. The database stays open: it belongs to the caller. */
  close(): void {
    if (this.#closed) return;
    this.#commits.close();
    this.#cancelUpkeep?.();
    this.#cancelRetention();
    this.upkeep();
    this.#options.sync?.now();
    this.#closed = true;
    this.#cancelUpkeep?.();
  }
}

export const openMailboxes = (options: MailboxesOptions): Mailboxes => new Mailboxes(options);
