/**
 * What happens to mailboxes every 100 ms, in one transaction: cursors are written, dead blocks leave the log, survivors
 * move to the cold table. Invariant: memory changes only after the transaction is committed, and the transaction alone
 * describes the same mailboxes as the memory: a crash before or after it loses no message.
 */
import type { Bytes } from "@hawser/base";
import { type Block, type BlockLog, positionOf } from "./block-log.ts";
import { copiesOf, extractCopy, sentKeysOf } from "./block-record.ts";
import type { Mailbox } from "./mailbox.ts";
import { MAX_MOVED_PER_UPKEEP, SURVIVOR_AGE_MS } from "./mailbox-bounds.ts";
import type { ColdState, MailboxStore } from "./mailbox-store.ts";
import type { SentMemory } from "./sent-memory.ts";

interface MovedCopy {
  readonly sequence: number;
  readonly storedAtMs: number;
  readonly data: Bytes;
}

/** The survivors of some blocks, by mailbox, each ascending by sequence. */
interface Move {
  readonly blocks: readonly Block[];
  readonly copies: ReadonlyMap<Mailbox, readonly MovedCopy[]>;
}

const NO_MOVE: Move = { blocks: [], copies: new Map() };

export interface UpkeepParts {
  readonly store: MailboxStore;
  readonly log: BlockLog;
  readonly memory: SentMemory;
  /** The mailbox of a copy; only asked for copies whose mailbox may still wait for them. */
  mailboxOf(account: Bytes, device: number): Mailbox | undefined;
}

/**
 * One round; returns the mailboxes that are now as their rows say. Throws what the store throws; nothing has changed then,
 * and the next round tries again.
 */
export function runUpkeep(parts: UpkeepParts, dirty: ReadonlySet<Mailbox>, nowMs: number, monotonicMs: number): Set<Mailbox> {
  const { store, log, memory } = parts;
  const move = planMove(parts, monotonicMs);
  const dead = [...log.dead];
  const leaving = [...dead, ...move.blocks];
  const written = new Set([...dirty, ...move.copies.keys()]);
  const saved = new Map<Mailbox, { row: number; cold: ColdState }>();
  const entry = store.database.transaction(() => {
    for (const mailbox of written) saved.set(mailbox, saveMailbox(store, mailbox, move.copies.get(mailbox) ?? []));
    for (const mailbox of [...move.copies.keys()].sort((a, b) => saved.get(a)!.row - saved.get(b)!.row)) {
      const { row } = saved.get(mailbox)!;
      for (const copy of move.copies.get(mailbox)!) store.insertCold(row, copy.sequence, copy.storedAtMs, copy.data);
    }
    for (const block of leaving) store.dropBlock(block.index);
    return memory.write(
      leaving.map((block) => sentKeysOf(log.bytesOf(block))),
      nowMs,
    );
  });
  memory.written(entry);
  for (const [mailbox, { row, cold }] of saved) settle(log, mailbox, row, cold, move.copies.get(mailbox)?.length ?? 0);
  for (const block of leaving) log.forget(block);
  return written;
}

function saveMailbox(store: MailboxStore, mailbox: Mailbox, moved: readonly MovedCopy[]): { row: number; cold: ColdState } {
  const kept =
    mailbox.coldDropTo > 0 && mailbox.row !== 0
      ? store.dropCold(mailbox.row, mailbox.coldDropTo)
      : { count: mailbox.coldCount, bytes: mailbox.coldBytes, oldestMs: mailbox.coldOldestMs };
  let bytes = kept.bytes;
  for (const copy of moved) bytes += copy.data.length;
  const cold = {
    count: kept.count + moved.length,
    bytes,
    last: moved.at(-1)?.sequence ?? mailbox.coldLast,
    oldestMs: kept.count > 0 ? kept.oldestMs : (moved[0]?.storedAtMs ?? 0),
  };
  return { row: store.save(mailbox, cold), cold };
}

/** The transaction is committed: memory follows. */
function settle(log: BlockLog, mailbox: Mailbox, row: number, cold: ColdState, moved: number): void {
  mailbox.row = row;
  mailbox.coldCount = cold.count;
  mailbox.coldBytes = cold.bytes;
  mailbox.coldLast = cold.last;
  mailbox.coldOldestMs = cold.oldestMs;
  mailbox.coldDropTo = 0;
  const { ring } = mailbox;
  if (ring === undefined) return;
  for (let i = 0; i < moved; i++) {
    log.release(log.blockOf(ring.position(ring.firstSequence)));
    mailbox.ringBytes -= ring.size(ring.firstSequence);
    ring.shift();
  }
  if (ring.count === 0) mailbox.ring = undefined;
}

/** Whole blocks, the oldest first: so what moves from a mailbox is always the front of its ring. */
function planMove(parts: UpkeepParts, monotonicMs: number): Move {
  const blocks: Block[] = [];
  const copies = new Map<Mailbox, MovedCopy[]>();
  let count = 0;
  for (const block of parts.log.blocks()) {
    if (monotonicMs - block.committedAtMs < SURVIVOR_AGE_MS || count >= MAX_MOVED_PER_UPKEEP) break;
    if (block.live === 0) continue;
    const bytes = parts.log.bytesOf(block);
    for (const copy of copiesOf(bytes)) {
      const mailbox = parts.mailboxOf(copy.account, copy.device);
      if (mailbox?.ring === undefined) continue;
      const { ring } = mailbox;
      // Fetched or dropped already.
      if (copy.sequence < ring.firstSequence || copy.sequence > ring.lastSequence) continue;
      if (ring.position(copy.sequence) !== positionOf(block, copy.copyAt)) continue;
      const list = copies.get(mailbox) ?? [];
      list.push({ sequence: copy.sequence, storedAtMs: copy.storedAtMs, data: extractCopy(bytes, copy.copyAt) });
      copies.set(mailbox, list);
      count++;
    }
    blocks.push(block);
  }
  return blocks.length === 0 ? NO_MOVE : { blocks, copies };
}
