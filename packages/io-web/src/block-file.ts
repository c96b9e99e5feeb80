/**
 * A file in memory that remembers which of its blocks changed. Invariant: `takeChanges` returns every byte written since it
 * was called before, so that whoever stores them all, in order, holds this file.
 */
export const BLOCK_SIZE_BYTES = 16_384;
/** A gigabyte of messages in memory is more than any browser gives a page. */
const MAX_FILE_BYTES = 1_073_741_824;

export interface FileChanges {
  readonly sizeBytes: number;
  readonly blocks: readonly { readonly index: number; readonly bytes: Uint8Array<ArrayBuffer> }[];
}

export class BlockFile {
  #blocks: Uint8Array<ArrayBuffer>[] = [];
  #sizeBytes = 0;
  #changed = new Set<number>();
  #resized = false;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get isChanged(): boolean {
    return this.#resized || this.#changed.size > 0;
  }

  /** Fills the file with what was stored; nothing counts as changed. */
  restore(sizeBytes: number, blocks: Iterable<readonly [number, Uint8Array<ArrayBuffer>]>): void {
    this.#blocks = Array.from({ length: Math.ceil(sizeBytes / BLOCK_SIZE_BYTES) }, () => new Uint8Array(BLOCK_SIZE_BYTES));
    for (const [index, bytes] of blocks) this.#blocks[index]?.set(bytes);
    this.#sizeBytes = sizeBytes;
    this.#changed.clear();
    this.#resized = false;
  }

  /** Fills `target` from `offset`; false when the file ends before, the rest then being zeroes. */
  read(target: Uint8Array, offset: number): boolean {
    const end = Math.min(offset + target.length, this.#sizeBytes);
    target.fill(0, Math.max(0, end - offset));
    for (let at = offset; at < end;) {
      const within = at % BLOCK_SIZE_BYTES;
      const length = Math.min(BLOCK_SIZE_BYTES - within, end - at);
      target.set(this.#block(at).subarray(within, within + length), at - offset);
      at += length;
    }
    return end === offset + target.length;
  }

  /** False when the file would become larger than its bound. */
  write(source: Uint8Array, offset: number): boolean {
    const end = offset + source.length;
    if (end > MAX_FILE_BYTES) return false;
    while (this.#blocks.length * BLOCK_SIZE_BYTES < end) this.#blocks.push(new Uint8Array(BLOCK_SIZE_BYTES));
    for (let at = offset; at < end;) {
      const within = at % BLOCK_SIZE_BYTES;
      const length = Math.min(BLOCK_SIZE_BYTES - within, end - at);
      this.#block(at).set(source.subarray(at - offset, at - offset + length), within);
      this.#changed.add(Math.floor(at / BLOCK_SIZE_BYTES));
      at += length;
    }
    this.#sizeBytes = Math.max(this.#sizeBytes, end);
    return true;
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes >= this.#sizeBytes) return;
    this.#sizeBytes = sizeBytes;
    this.#resized = true;
    this.#blocks.length = Math.ceil(sizeBytes / BLOCK_SIZE_BYTES);
    for (const index of this.#changed) if (index >= this.#blocks.length) this.#changed.delete(index);
  }

  /** Copies, because the file goes on changing while they are stored. */
  takeChanges(): FileChanges {
    const blocks = [...this.#changed].map((index) => ({ index, bytes: this.#blocks[index]!.slice() }));
    this.#changed = new Set();
    this.#resized = false;
    return { sizeBytes: this.#sizeBytes, blocks };
  }

  /** After storing failed: everything counts as changed again. */
  giveBack(changes: FileChanges): void {
    this.#resized = true;
    for (const { index } of changes.blocks) if (index < this.#blocks.length) this.#changed.add(index);
  }

  #block(offset: number): Uint8Array<ArrayBuffer> {
    return this.#blocks[Math.floor(offset / BLOCK_SIZE_BYTES)]!;
  }
}
