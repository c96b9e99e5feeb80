/**
 * One device's mailbox: an append-only, numbered log and a cursor. Invariants:
 * `cursor ≤ every waiting sequence ≤ last`; waiting messages are first the cold ones (up to `coldLast`), then those of the
 * ring, without a gap. docs/PROTOCOL.md, "Mailbox".
 */
import type { AccountId, DeviceNumber } from "@hawser/base";
import type { PositionRing } from "./position-ring.ts";

/** Who is connected for a mailbox. Called after the commit, at most once per flush. */
export interface MailboxSubscriber {
  mailboxChanged(): void;
}

export class Mailbox {
  readonly account: AccountId;
  readonly device: DeviceNumber;
  /** Row in the store; 0 before it was written first. */
  row = 0;
  /** Everything up to it is committed by the device. */
  cursor = 0;
  /** Highest sequence number that is committed here. */
  last = 0;
  /** Highest sequence number dropped by overflow or age; a device whose cursor is below needs to resync. */
  dropped = 0;
  /** Handed out in the block under way, not committed yet. */
  provisional = 0;
  ring: PositionRing | undefined = undefined;
  ringBytes = 0;
  /** Cold messages have the consecutive numbers up to `coldLast`. */
  coldCount = 0;
  /** Exact after each upkeep, an estimate between a partial drop and the next upkeep. */
  coldBytes = 0;
  coldLast = 0;
  /** When the oldest cold message was stored, at the latest; 0 without cold messages. */
  coldOldestMs = 0;
  /** Cold rows up to here are to be deleted by the next upkeep. */
  coldDropTo = 0;
  /** How often this mailbox turned out to have lost numbers its device has seen; part of its epoch. */
  rewinds = 0;
  /** The last message the device sent, 16 bytes, as of the end of its last connection. */
  lastSent: Uint8Array | undefined = undefined;
  subscriber: MailboxSubscriber | undefined = undefined;
  /**
   * The device was revoked. Its row stays, and says that nothing waits: blocks that others wait for may hold copies of its messages, which a
   * restart would otherwise take for waiting ones, with gaps.
   */
  forgotten = false;
  /** Already told in the flush under way. */
  touched = false;

  constructor(account: AccountId, device: DeviceNumber) {
    this.account = account;
    this.device = device;
  }

  /** The lowest waiting sequence number; `last + 1` when nothing waits. */
  get firstWaiting(): number {
    if (this.coldCount > 0) return this.coldLast - this.coldCount + 1;
    return this.ring !== undefined && this.ring.count > 0 ? this.ring.firstSequence : this.last + 1;
  }

  get waiting(): number {
    return this.coldCount + (this.ring?.count ?? 0);
  }

  get waitingBytes(): number {
    return this.coldBytes + this.ringBytes;
  }
}
