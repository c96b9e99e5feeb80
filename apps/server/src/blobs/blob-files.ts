/**
 * Blobs as files, under their own SHA-256. Invariants: a file appears under its name only whole, verified and durable;
 * whoever was told "stored" finds it after a power cut. Many uploads finish with one round of syncs and one commit.
 */
import { createHash, type Hash } from "node:crypto";
import { mkdirSync, readdirSync } from "node:fs";
import { type FileHandle, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { type AccountId, type BlobId, newMessageId, type Random } from "@hawser/base";
import type { BlobBooks, BlobPurpose, StoredBlob } from "@hawser/relay";

/** Bytes gathered before they are written, so that a chunk of history is one write. */
const WRITE_BYTES = 1_048_576;
const MAX_BATCH = 64;

interface Finished {
  readonly blob: StoredBlob;
  readonly temporary: string;
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

export class BlobFiles {
  readonly #root: string;
  readonly #random: Random;
  readonly #nowMs: () => number;
  readonly #books: () => BlobBooks;
  #finished: Finished[] = [];
  #publishing: Promise<void> | undefined;

  constructor(options: { readonly root: string; readonly random: Random; readonly nowMs: () => number; readonly books: () => BlobBooks }) {
    this.#root = options.root;
    this.#random = options.random;
    this.#nowMs = options.nowMs;
    this.#books = options.books;
    for (let shard = 0; shard < 256; shard++)
      mkdirSync(join(this.#root, shard.toString(16).padStart(2, "0")), { recursive: true, mode: 0o700 });
    mkdirSync(this.incoming, { recursive: true, mode: 0o700 });
  }

  get incoming(): string {
    return join(this.#root, "incoming");
  }

  /** Where an account's upload in pieces grows. */
  partPath(id: BlobId, account: AccountId, purpose: BlobPurpose): string {
    return join(this.incoming, `${id}.${account}.${purpose}.part`);
  }

  /** How many uploads in pieces an account has begun. */
  async partsOf(account: AccountId): Promise<number> {
    const names = await readdir(this.incoming);
    return names.filter((name) => name.endsWith(".part") && name.split(".")[1] === account).length;
  }

  pathOf(id: BlobId): string {
    return join(this.#shardOf(id), id);
  }

  /** Takes a whole body. `false`: its hash is another one; nothing is kept. Rejects when the stream or the disk fails. */
  async receive(blob: StoredBlob, body: AsyncIterable<Buffer>): Promise<boolean> {
    const temporary = join(this.incoming, `${newMessageId(this.#nowMs(), this.#random)}.new`);
    const hash = createHash("sha256");
    let file: FileHandle | undefined;
    try {
      let waiting: Buffer[] = [];
      let waitingBytes = 0;
      let sizeBytes = 0;
      for await (const chunk of body) {
        hash.update(chunk);
        waiting.push(chunk);
        waitingBytes += chunk.length;
        sizeBytes += chunk.length;
        if (sizeBytes > blob.sizeBytes) break;
        if (waitingBytes < WRITE_BYTES) continue;
        file ??= await open(temporary, "wx", 0o600);
        await writeAll(file, waiting);
        waiting = [];
        waitingBytes = 0;
      }
      if (sizeBytes !== blob.sizeBytes || hash.digest("hex") !== blob.id) {
        await this.#discard(file, temporary);
        return false;
      }
      file ??= await open(temporary, "wx", 0o600);
      await writeAll(file, waiting);
      await file.datasync();
      await file.close();
    } catch (error) {
      await this.#discard(file, temporary);
      throw error;
    }
    await this.#publish(blob, temporary);
    return true;
  }

  /** Takes over a file that was received in parts and is synced. `false`: its hash is another one; it is deleted. */
  async adopt(blob: StoredBlob, path: string): Promise<boolean> {
    if ((await hashFile(path)) !== blob.id) {
      await unlink(path);
      return false;
    }
    await this.#publish(blob, path);
    return true;
  }

  async remove(id: BlobId): Promise<void> {
    await unlink(this.pathOf(id)).catch(ignoreMissing);
  }

  /** Deletes what was left behind by uploads that never finished. Returns how many. */
  async sweepIncoming(olderThanMs: number): Promise<number> {
    let removed = 0;
    for (const name of readdirSync(this.incoming)) {
      const path = join(this.incoming, name);
      const modifiedMs = await stat(path).then(
        (found) => found.mtimeMs,
        () => Infinity,
      );
      if (modifiedMs >= olderThanMs) continue;
      await unlink(path).catch(ignoreMissing);
      removed++;
    }
    return removed;
  }

  /** Resolves when nothing is being published any more. */
  async settled(): Promise<void> {
    await this.#publishing;
  }

  #shardOf(id: BlobId): string {
    return join(this.#root, id.slice(0, 2));
  }

  #publish(blob: StoredBlob, temporary: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#finished.push({ blob, temporary, resolve, reject });
      this.#publishing ??= this.#publishAll().finally(() => (this.#publishing = undefined));
    });
  }

  /** While one batch is renamed, synced and entered, the next gathers. */
  async #publishAll(): Promise<void> {
    while (this.#finished.length > 0) {
      const batch = this.#finished.splice(0, MAX_BATCH);
      try {
        await Promise.all(batch.map(({ blob, temporary }) => rename(temporary, this.pathOf(blob.id))));
        await Promise.all([...new Set(batch.map(({ blob }) => this.#shardOf(blob.id)))].map(syncFolder));
        this.#books().enter(
          batch.map(({ blob }) => blob),
          this.#nowMs(),
        );
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  }

  async #discard(file: FileHandle | undefined, temporary: string): Promise<void> {
    if (file === undefined) return;
    await file.close().catch(() => undefined);
    await unlink(temporary).catch(ignoreMissing);
  }
}

async function writeAll(file: FileHandle, chunks: readonly Buffer[]): Promise<void> {
  if (chunks.length === 0) return;
  let left = chunks as readonly Uint8Array[];
  while (left.length > 0) {
    const { bytesWritten } = await file.writev(left);
    left = withoutFirst(left, bytesWritten);
  }
}

function withoutFirst(chunks: readonly Uint8Array[], sizeBytes: number): readonly Uint8Array[] {
  let skip = sizeBytes;
  for (const [index, chunk] of chunks.entries()) {
    if (skip < chunk.length) return [chunk.subarray(skip), ...chunks.slice(index + 1)];
    skip -= chunk.length;
  }
  return [];
}

/** Appends a stream to a file, durably. What arrived before a failure stays. */
export async function appendTo(path: string, body: AsyncIterable<Buffer>, maxBytes: number): Promise<"stored" | "too much"> {
  const file = await open(path, "a", 0o600);
  try {
    let sizeBytes = 0;
    for await (const chunk of body) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) return "too much";
      await writeAll(file, [chunk]);
    }
    return "stored";
  } finally {
    try {
      await file.datasync();
    } finally {
      await file.close();
    }
  }
}

async function hashFile(path: string): Promise<string> {
  const hash: Hash = createHash("sha256");
  const file = await open(path, "r");
  for await (const chunk of file.createReadStream({ highWaterMark: WRITE_BYTES })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** A rename is durable once its folder is synced. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
