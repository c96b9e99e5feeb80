/**
 * Drives the archive's writer: counts what waits, seals and uploads chunks, puts heads. Invariant: the chunk under way is noted before a head
 * names it, so that after a crash the head itself says whether it was taken.
 */
import { create } from "@bufbuild/protobuf";
import { type BlobId, fromHex, OperationalError, toHex } from "@hawser/base";
import {
  ARCHIVE_FULL_CHUNK_MESSAGES,
  ARCHIVE_OFF,
  ARCHIVE_SLACK_MS,
  type ArchiveTrouble,
  type ArchiveWriterEffect,
  type ArchiveWriterInput,
  type ArchiveWriterState,
  type HistoryReader,
  MAX_CHUNK_MESSAGES,
  nextHead,
  pureCompression,
  sealChunk,
  spill,
  stepArchiveWriter,
  TARGET_CHUNK_BYTES,
  type Waiting,
} from "@hawser/sync";
import { ArchiveEntrySchema, type ArchiveHead, HistoryChunkSchema, MAX_ARCHIVE_DROPS } from "@hawser/wire";
import type { BlobTransfer } from "../blobs/transfer.ts";
import { ORDER_STEPS_PER_MS } from "../bounds.ts";
import type { Core } from "../core.ts";
import { type ArchiveBooks, isUnsupported, type ReadHead } from "./archive-books.ts";
import type { ArchiveKeeping } from "./archive-keeping.ts";

export interface ArchiveWriting {
  /** At every start, connection and change of the setting, and after a new key was made. */
  wake(why?: "connected" | "new-key"): void;
  trouble(): ArchiveTrouble | undefined;
  waiting(): number;
  stop(): void;
}

/** A chunk that is stored, or about to be, for a head that is not there yet. */
interface Attempt {
  readonly blob: string;
  readonly key: string;
  readonly replacesLast: boolean;
  readonly rows: readonly number[];
  readonly messageCount: number;
  readonly sizeBytes: number;
  /** Chunks that no head will name: of attempts before. */
  readonly abandoned: readonly string[];
}

const ATTEMPT = "archive-attempt";
/** The newest chunk, while this device may write it anew. */
const TAIL = "archive-tail";

export function createArchiveWriting(
  core: Core,
  parts: {
    readonly keeping: ArchiveKeeping;
    readonly books: ArchiveBooks;
    readonly reader: HistoryReader;
    readonly transfer: BlobTransfer;
  },
): ArchiveWriting {
  const { keeping, books, reader, transfer } = parts;
  const { kv, archiveRows } = core.store;
  let state: ArchiveWriterState = ARCHIVE_OFF;
  let known: ReadHead | undefined;
  /** Stored since the head was read: what the next head names. */
  let stored: Attempt | undefined;
  let cancelTimer: (() => void) | undefined;
  let stopped = false;

  const attempt = (): Attempt | undefined => kv.getJson<Attempt>(ATTEMPT);
  // What waits is measured by the device's own clock, heads by the server's.
  const ownMs = (): number => Math.floor(core.ports.clock.nowMs());
  const look = (): Waiting => core.store.atomically(() => archiveRows.look(ownMs()));
  const input = (given: ArchiveWriterInput): void => {
    if (stopped || core.identity.self() === undefined) return;
    const step = stepArchiveWriter(state, given, { nowMs: ownMs(), random: core.ports.random });
    core.observe.archiveWriter(state, step.state);
    state = step.state;
    for (const effect of step.effects) run(effect);
    core.notify.changed("state");
  };
  const run = (effect: ArchiveWriterEffect): void => {
    if (effect.type === "set-timer") {
      cancelTimer?.();
      cancelTimer = core.ports.clock.after(effect.afterMs, () => input({ type: "look", waiting: look(), why: "timer" }));
      return;
    }
    if (effect.type === "begin-anew") {
      core.log({ event: "archive-begun-anew" });
      keeping.beginAnew();
      return void books.deleteIfDue().catch(() => undefined);
    }
    const work = { "read-head": readHead, "store-chunk": storeChunk, "put-head": putHead }[effect.type];
    work().then(
      (answer) => input(answer),
      (error: unknown) => input(failureOf(error)),
    );
  };

  const readHead = async (): Promise<ArchiveWriterInput> => {
    keeping.renew();
    const read = await books.read();
    if (!read.ok) {
      const makesKeys = keeping.makesKeys();
      // Of an archive that was just begun anew nothing was seen yet: the one before still stands there.
      const isOneBefore = (read.error === "unreadable" || read.error === "other-archive") && keeping.seen() === undefined;
      if (isOneBefore && !makesKeys) return { type: "failed" };
      // The same for a phone whose store was put back, and that made a key in place of one it had forgotten.
      const fault = read.error === "unreadable" && makesKeys && keeping.unsure() ? "stale-key" : read.error;
      return { type: "refused", fault, mayBegin: makesKeys && !core.identity.settling() };
    }
    // Nothing is sealed for a removed device: the new key wakes the writer.
    if (keeping.kept()?.keyState !== "current") return { type: "failed" };
    known = read.value;
    stored = undefined;
    core.store.atomically(() => {
      settle(known!.head);
      archiveRows.dropUnreadable();
    });
    return { type: "read", waiting: look(), stale: known.stale };
  };

  /** What the head shows to be written waits no longer. */
  const settle = (head: ArchiveHead): void => {
    const pending = attempt();
    const isNamed = (blob: string): boolean => head.entries.some(({ blobId }) => toHex(blobId) === blob);
    if (pending !== undefined && isNamed(pending.blob)) taken(pending);
    const tail = kv.getJson<string>(TAIL);
    if (tail !== undefined && !isNamed(tail)) kv.delete(TAIL);
    if (core.identity.self()?.role === "companion")
      archiveRows.forgetUntil(Number(head.drainedAtMs) - ARCHIVE_SLACK_MS - Math.floor(core.timeMs() - ownMs()));
  };
  const taken = ({ blob, rows, messageCount }: Attempt): void => {
    const isSmall = messageCount < ARCHIVE_FULL_CHUNK_MESSAGES;
    archiveRows.written(rows, isSmall);
    if (isSmall) kv.setJson(TAIL, blob);
    else kv.delete(TAIL);
    kv.delete(ATTEMPT);
  };

  const storeChunk = async (): Promise<ArchiveWriterInput> => {
    const { head } = known!;
    const last = head.entries.at(-1);
    const tail = last !== undefined && toHex(last.blobId) === kv.getJson<string>(TAIL);
    let page = reader.waiting(tail, MAX_CHUNK_MESSAGES, TARGET_CHUNK_BYTES);
    // Only whole: a chunk that is written anew must hold everything that it held.
    const replacesLast = tail && page.next === undefined;
    if (tail && !replacesLast) page = reader.waiting(false, MAX_CHUNK_MESSAGES, TARGET_CHUNK_BYTES);
    if (page.messageCount === 0) return { type: "failed" };
    const index = head.entryCount - (replacesLast ? 1 : 0);
    const chunk = create(HistoryChunkSchema, { jobId: head.archiveId, index, conversations: page.conversations });
    const { primitives, random, compression = pureCompression } = core.ports;
    const made = sealChunk(chunk, primitives, compression, random);
    const before = attempt();
    const abandoned = before === undefined ? [] : [...before.abandoned, before.blob].slice(-MAX_ARCHIVE_DROPS / 2);
    const next: Attempt = {
      blob: made.blob,
      key: toHex(made.key),
      replacesLast,
      rows: page.rows,
      messageCount: page.messageCount,
      sizeBytes: made.ciphertext.length,
      abandoned,
    };
    core.store.atomically(() => kv.setJson(ATTEMPT, next));
    await transfer.upload(made.blob, made.ciphertext, "archive");
    stored = next;
    return { type: "stored" };
  };

  const putHead = async (): Promise<ArchiveWriterInput> => {
    const before = known!;
    const pending = stored;
    stored = undefined;
    const previousHash = fromHex(before.hash) ?? new Uint8Array(0);
    const nowMs = Math.floor(core.timeMs());
    let next: ArchiveHead = { ...before.head, counter: before.head.counter + 1n, previousHash };
    let dropped: string[] = [];
    if (pending !== undefined) {
      const entry = create(ArchiveEntrySchema, {
        blobId: fromHex(pending.blob)!,
        key: fromHex(pending.key)!,
        messageCount: pending.messageCount,
        sizeBytes: pending.sizeBytes,
        oldestMs: BigInt(Math.floor(pending.rows.at(-1)! / ORDER_STEPS_PER_MS)),
        newestMs: BigInt(Math.floor(pending.rows[0]! / ORDER_STEPS_PER_MS)),
      });
      const replaced = pending.replacesLast ? before.head.entries.at(-1) : undefined;
      const left = look().messages - pending.rows.length + (replaced?.messageCount ?? 0);
      // Whoever lacks something itself has more to write than it knows of.
      const drained = left <= 0 && !core.identity.settling() && core.identity.gapSinceMs() === undefined;
      next = nextHead(before.head, previousHash, { entry, replacesLast: replaced !== undefined, nowMs, drained });
      dropped = [...pending.abandoned, ...(replaced === undefined ? [] : [toHex(replaced.blobId)])];
    }
    const spilled = spill(next, core.ports.primitives, core.ports.random);
    if (spilled !== undefined) await transfer.upload(spilled.page.blobId as BlobId, spilled.page.ciphertext, "archive");
    known = await books.put(before, spilled?.head ?? next, dropped, () => {
      if (pending !== undefined) taken(pending);
    });
    return { type: "put", waiting: look(), stale: known.stale };
  };

  return {
    wake(why) {
      const kept = keeping.kept();
      if (kept === undefined) return state.kind === "off" ? undefined : input({ type: "off" });
      if (state.kind === "off") input({ type: "on", phone: core.identity.requireSelf().role === "phone" });
      if (why !== undefined) input({ type: "look", waiting: look(), why });
    },
    trouble: () => state.trouble,
    waiting: () => (keeping.kept() === undefined ? 0 : look().messages),
    stop() {
      stopped = true;
      cancelTimer?.();
    },
  };
}

function failureOf(error: unknown): ArchiveWriterInput {
  if (!(error instanceof OperationalError)) return { type: "failed" };
  if (error.code === "QUOTA_EXCEEDED") return { type: "full" };
  if (error.code === "ARCHIVE_CONFLICT") return { type: "conflict" };
  if (isUnsupported(error)) return { type: "refused", fault: "unsupported" };
  return typeof error.retry === "object" ? { type: "failed", retryAfterMs: error.retry.afterMs } : { type: "failed" };
}
