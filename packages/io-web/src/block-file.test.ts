import { expect, test } from "vitest";
import { BLOCK_SIZE_BYTES, BlockFile, type FileChanges } from "./block-file.ts";

/** What stands in a store that took every change. */
class Mirror {
  readonly blocks = new Map<number, Uint8Array<ArrayBuffer>>();
  sizeBytes = 0;
  take(changes: FileChanges): void {
    for (const { index, bytes } of changes.blocks) this.blocks.set(index, bytes);
    this.sizeBytes = changes.sizeBytes;
    for (const index of this.blocks.keys()) if (index * BLOCK_SIZE_BYTES >= this.sizeBytes) this.blocks.delete(index);
  }
}
const contents = (file: BlockFile): Uint8Array => {
  const bytes = new Uint8Array(file.sizeBytes);
  file.read(bytes, 0);
  return bytes;
};

test("a store that takes every change holds the same file, whatever is written and cut", () => {
  let seed = 42;
  const next = (below: number): number => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0) % below;
  const file = new BlockFile();
  const mirror = new Mirror();
  for (let step = 0; step < 600; step++) {
    const kind = next(10);
    if (kind < 7) file.write(Uint8Array.from({ length: next(40_000) + 1 }, () => next(256)).fill(step % 256), next(6 * BLOCK_SIZE_BYTES));
    else if (kind < 8) file.truncate(next(file.sizeBytes + 1));
    else mirror.take(file.takeChanges());
  }
  mirror.take(file.takeChanges());
  const restored = new BlockFile();
  restored.restore(mirror.sizeBytes, mirror.blocks);
  expect(restored.sizeBytes).toBe(file.sizeBytes);
  expect(Buffer.compare(contents(restored), contents(file))).toBe(0);
});

test("what could not be stored counts as changed again", () => {
  const file = new BlockFile();
  file.write(Uint8Array.of(1, 2, 3), 0);
  const failed = file.takeChanges();
  expect(file.isChanged).toBe(false);
  file.giveBack(failed);
  expect(file.takeChanges().blocks.map(({ index }) => index)).toEqual([0]);
});

test("reading past the end fills with zeroes and says so", () => {
  const file = new BlockFile();
  file.write(Uint8Array.of(7, 7), 0);
  const target = new Uint8Array(4).fill(9);
  expect(file.read(target, 1)).toBe(false);
  expect([...target]).toEqual([7, 0, 0, 0]);
});
