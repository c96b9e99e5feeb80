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

  /** Durable when it returns. Throws what the store throws; nothing has changed then. */
  append(data: Bytes, copies: number, monotonicMs: number): Block {
    assert(data.length < BLOCK_SPAN, "a block is too large");
    const block: Block = { index: this.#nextIndex, committedAtMs: monotonicMs, live: copies, bytes: data };
    this.#store.appendBlock(block.index, data);
    this.#nextIndex++;
    this.#adopt(block, data);
    return block;
  }

  /** Takes a block found after a restart into the books. */
  restore(index: number, data: Bytes, monotonicMs: number): Block {
    const block: Block = { index, committedAtMs: monotonicMs, live: 0, bytes: data };
    this.#nextIndex = index + 1;
    this.#adopt(block, data);
    return block;
  }

  #adopt(block: Block, data: Bytes): void {
    this.#blocks.set(block.index, block);
    if (block.live === 0) this.#dead.add(block);
    this.#resident.add(block);
    this.#residentBytes += data.length;
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
