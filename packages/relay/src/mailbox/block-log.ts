/**
 * The log: one block under way, and the committed ones that still hold undelivered copies. Invariant: a block leaves the
 * log only when none of its copies is waiting any more (fetched, dropped, or moved to the cold table), in the transaction
 * that records why.
 */
import { assert, type Bytes } from "@hawser/base";
import { BLOCK_SPAN, MAX_BLOCK_MEMORY_BYTES, MAX_REREAD_BLOCKS } from "./mailbox-bounds.ts";
import type { MailboxStore } from "./mailbox-store.ts";

export interface Block {
  readonly index: number;
  /** On the monotonic clock. */
  readonly committedAtMs: number;
  /** Copies that are still waiting. */
  live: number;
  /** Undefined once it was pushed out of memory. */
  bytes: Bytes | undefined;
}

export class BlockLog {
  readonly #store: MailboxStore;
  /** Ascending by index. */
  readonly #blocks = new Map<number, Block>();
  readonly #dead = new Set<Block>();
  readonly #reread = new Map<number, Bytes>();
  /** Blocks with bytes in memory, oldest first. */
  readonly #resident = new Set<Block>();
  #residentBytes = 0;
  #nextIndex = 1;
  /** Written, but not known to be durable when it mattered. */
  #rejected: number[] = [];
  #distrusted = false;

  constructor(store: MailboxStore) {
    this.#store = store;
  }

  get size(): number {
    return this.#blocks.size;
  }

  get residentBytes(): number {
    return this.#residentBytes;
  }

  get dead(): ReadonlySet<Block> {
    return this.#dead;
  }

  /** Oldest first. */
  blocks(): Iterable<Block> {
    return this.#blocks.values();
  }

  /**
   * Writes a block, and takes back those that failed, in one transaction: a store that holds this one no longer holds those. Throws what the
   * store throws; nothing has changed in memory then. Once the block is known to be durable it is adopted, otherwise rejected.
   */
  write(data: Bytes, copies: number, monotonicMs: number): Block {
    assert(data.length < BLOCK_SPAN, "a block is too large");
    const block: Block = { index: this.#nextIndex, committedAtMs: monotonicMs, live: copies, bytes: data };
    if (this.#distrusted) this.#store.renewWriteAheadLog();
    this.#distrusted = false;
    if (this.#rejected.length === 0) this.#store.appendBlock(block.index, data);
    else {
      this.#store.database.transaction(() => {
        for (const index of this.#rejected) this.#store.dropBlock(index);
        this.#store.appendBlock(block.index, data);
      });
      this.#rejected = [];
    }
    this.#nextIndex++;
    return block;
  }

  /** The block was written, and may or may not outlast the machine: its row goes before the next block comes. */
  reject(block: Block): void {
    this.#rejected.push(block.index);
    this.distrust();
  }

  /** A sync failed: frames of the write-ahead log may be missing on the disk, and whatever is written behind them would be lost with them. */
  distrust(): void {
    this.#distrusted = true;
  }

  /** Takes a block found after a restart into the books. */
  restore(index: number, data: Bytes, monotonicMs: number): Block {
    const block: Block = { index, committedAtMs: monotonicMs, live: 0, bytes: data };
    this.#nextIndex = index + 1;
    this.adopt(block);
    return block;
  }

  /** Into the books: its copies may be read. */
  adopt(block: Block): void {
    assert(block.bytes !== undefined, "a fresh block is in memory");
    this.#blocks.set(block.index, block);
    if (block.live === 0) this.#dead.add(block);
    this.#resident.add(block);
    this.#residentBytes += block.bytes.length;
    for (const oldest of this.#resident) {
      if (this.#residentBytes <= MAX_BLOCK_MEMORY_BYTES || oldest === block) break;
      this.#evict(oldest);
    }
  }

  #evict(block: Block): void {
    if (block.bytes === undefined) return;
    this.#residentBytes -= block.bytes.length;
    this.#resident.delete(block);
    block.bytes = undefined;
  }

  /** The block and offset behind a position. */
  at(position: number): { readonly block: Block; readonly offset: number } {
    return { block: this.blockOf(position), offset: position % BLOCK_SPAN };
  }

  blockOf(position: number): Block {
    const block = this.#blocks.get(Math.floor(position / BLOCK_SPAN));
    assert(block !== undefined, "a position names a block that left the log");
    return block;
  }

  bytesOf(block: Block): Bytes {
    const bytes = block.bytes ?? this.#reread.get(block.index);
    if (bytes !== undefined) return bytes;
    const read = this.#store.readBlock(block.index);
    this.#reread.set(block.index, read);
    if (this.#reread.size > MAX_REREAD_BLOCKS) {
      const first = this.#reread.keys().next();
      if (first.done !== true) this.#reread.delete(first.value);
    }
    return read;
  }

  /** One more copy is waiting (only while the log is rebuilt). */
  retain(block: Block): void {
    block.live++;
    this.#dead.delete(block);
  }

  release(block: Block): void {
    assert(block.live > 0, "a block was released too often");
    block.live--;
    if (block.live === 0) this.#dead.add(block);
  }

  /** The block's row is gone from the store. */
  forget(block: Block): void {
    assert(block.live === 0, "a block with waiting copies stays");
    this.#evict(block);
    this.#reread.delete(block.index);
    this.#dead.delete(block);
    this.#blocks.delete(block.index);
  }
}

export const positionOf = (block: Block, offset: number): number => block.index * BLOCK_SPAN + offset;
