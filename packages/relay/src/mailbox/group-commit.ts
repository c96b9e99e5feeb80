/**
 * The group commit: what is appended gathers in one block while the block before it is on its way to the disk. Invariants: blocks are
 * written and become durable one after the other, at most one is under way; nothing of a block is visible or acknowledged before the
 * store is known to hold it; when a block fails, everything appended since fails with it, because numbers and repeated sends build on it.
 * docs/adr/0008-sync-beside-the-work.md.
 */
import { assert, type Bytes, type Clock } from "@hawser/base";
import type { Block, BlockLog } from "./block-log.ts";
import { BlockBuilder, recordSize, type Recipient, type Sender } from "./block-builder.ts";
import { BLOCK_TARGET_BYTES, SYNC_PATIENCE_MS } from "./mailbox-bounds.ts";

/** Makes durable what was written to a store that does not synchronise by itself. */
export interface BlockSync {
  /** Calls back when all that was written before the call is durable, or with the reason why that is not known. Never at once. */
  start(done: (failure: unknown) => void): void;
  /** Durable when it returns. */
  now(): void;
}

/** Hears how blocks fare. A message belongs to the block that is sealed after its append. */
export interface CommitListener {
  /** What was appended until now is on its way to the disk. */
  sealed(): void;
  /** The sealed block is durable (`undefined`); or neither it nor anything appended since was stored, and why. */
  committed(failure: unknown): void;
  /** The end of a flush: time to write to everybody who waits. */
  flushed(): void;
}

export interface GroupCommitParts {
  readonly log: BlockLog;
  readonly clock: Clock;
  /** Without one, a statement that returned is durable. */
  readonly sync: BlockSync | undefined;
  schedule(callback: () => void): void;
  publish(block: Block, contents: BlockBuilder): void;
  /** Its traces are taken back already. */
  failed(contents: BlockBuilder): void;
}

const SILENT: CommitListener = { sealed: () => undefined, committed: () => undefined, flushed: () => undefined };

export class GroupCommit {
  readonly #parts: GroupCommitParts;
  /** Something was written that no sync has covered yet and nobody waits for. */
  #unsynced: ((failure: unknown) => void) | undefined;
  #building = new BlockBuilder();
  #spare = new BlockBuilder();
  #underWay: { readonly block: Block; readonly contents: BlockBuilder } | undefined;
  #requested = false;
  /** What is asked for now is done by the flush under way. */
  #sealing = false;
  #closed = false;
  listener: CommitListener = SILENT;

  constructor(parts: GroupCommitParts) {
    this.#parts = parts;
  }

  append(sender: Sender, messageId: Bytes, body: Bytes, recipients: readonly Recipient[]): void {
    if (!this.#building.hasRoom(recordSize(body, recipients))) this.flush();
    this.#building.add(this.#parts.clock.nowMs(), sender, messageId, body, recipients);
    if (this.#building.usedBytes >= BLOCK_TARGET_BYTES) this.#proceed();
    else this.request();
  }

  /** A flush once the input that is ready now was read. */
  request(): void {
    if (this.#requested || this.#sealing) return;
    this.#requested = true;
    this.#parts.schedule(() => {
      this.#requested = false;
      if (!this.#closed) this.#proceed();
    });
  }

  /**
   * Has a commit of its own kind synced, which nobody waits for: with the next block when one is coming, so that no block stands behind it,
   * and otherwise by itself.
   */
  syncToo(done: (failure: unknown) => void): void {
    this.#unsynced = done;
    if (this.#underWay === undefined && this.#building.usedBytes === 0) this.#syncRest();
  }

  #syncRest(): void {
    const done = this.#unsynced;
    this.#unsynced = undefined;
    if (done !== undefined) this.#parts.sync?.start(done);
  }

  /** Sends the next block on its way, unless one is; what became true meanwhile is told. */
  #proceed(): void {
    if (this.#underWay === undefined) this.#seal(false);
    this.listener.flushed();
  }

  /** Everything appended before is durable when it returns, or has failed. */
  flush(): void {
    if (this.#underWay !== undefined) this.#await();
    this.#seal(true);
    this.listener.flushed();
  }

  close(): void {
    this.flush();
    this.#closed = true;
  }

  #seal(wait: boolean): void {
    const { log, clock, sync } = this.#parts;
    const contents = this.#building;
    this.#sealing = true;
    this.listener.sealed();
    if (contents.usedBytes === 0) this.listener.committed(undefined);
    else {
      let block: Block | undefined;
      try {
        block = log.write(contents.contents(), contents.mailboxes.length, clock.monotonicMs());
      } catch (cause) {
        this.#fail(cause);
      }
      if (block !== undefined) {
        this.#underWay = { block, contents };
        this.#building = this.#spare;
        if (sync === undefined) this.#settle(undefined);
        else if (wait) this.#await();
        else this.#syncBeside(sync, block);
      }
    }
    this.#sealing = false;
  }

  #syncBeside(sync: BlockSync, block: Block): void {
    const settled = (settle: () => void): void => {
      // Somebody could not wait, and has settled it.
      if (this.#underWay?.block !== block) return;
      settle();
      this.request();
    };
    // Written before this block: what makes the one durable makes the other.
    this.#unsynced = undefined;
    const cancel = this.#parts.clock.after(SYNC_PATIENCE_MS, () => settled(() => this.#await()));
    sync.start((failure) => {
      cancel();
      // Also when it comes too late for its block: what is written next must not stand behind what may be missing.
      if (failure !== undefined) this.#parts.log.distrust();
      settled(() => this.#settle(failure));
      if (this.#underWay === undefined && this.#building.usedBytes === 0) this.#syncRest();
    });
  }

  #await(): void {
    let failure: unknown;
    try {
      this.#parts.sync?.now();
    } catch (cause) {
      failure = cause ?? "unknown";
    }
    this.#settle(failure);
  }

  #settle(failure: unknown): void {
    assert(this.#underWay !== undefined, "no block is under way");
    const { block, contents } = this.#underWay;
    this.#underWay = undefined;
    this.#spare = contents;
    if (failure === undefined) {
      this.#parts.log.adopt(block);
      this.#parts.publish(block, contents);
      contents.clear();
      this.listener.committed(undefined);
    } else {
      this.#parts.log.reject(block);
      this.#takeBack(contents);
      this.#fail(failure);
    }
  }

  #fail(cause: unknown): void {
    this.#takeBack(this.#building);
    this.listener.committed(cause ?? "unknown");
  }

  #takeBack(contents: BlockBuilder): void {
    contents.takeBack();
    this.#parts.failed(contents);
    contents.clear();
  }
}
