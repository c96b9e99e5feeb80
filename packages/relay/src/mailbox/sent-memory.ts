/**
 * The message ids of blocks that left the log, on disk, so that sending again after a restart is still harmless. One row
 * an upkeep; bounded by age and by bytes, the oldest go first.
 */
import { accountIdFromBytes, ACCOUNT_ID_SIZE_BYTES, type Bytes, concat, type DeviceNumber, formatAddress } from "@hawser/base";
import { MAX_REMEMBERED_BYTES_ON_DISK, REMEMBER_SENT_MS } from "./mailbox-bounds.ts";
import type { MailboxStore } from "./mailbox-store.ts";
import { readU32, SENT_KEY_BYTES } from "./block-record.ts";
import type { SentWindows } from "./sent-window.ts";

interface Entry {
  readonly entry: number;
  readonly storedAtMs: number;
  readonly sizeBytes: number;
}

export class SentMemory {
  readonly #store: MailboxStore;
  /** Oldest first. */
  #entries: Entry[] = [];
  #sizeBytes = 0;

  constructor(store: MailboxStore) {
    this.#store = store;
  }

  /** Fills the windows after a restart. */
  restore(windows: SentWindows): void {
    for (const row of this.#store.remembered()) {
      this.#entries.push({ entry: row.entry, storedAtMs: row.stored_ms, sizeBytes: row.data.length });
      this.#sizeBytes += row.data.length;
      recall(row.data, windows);
    }
  }

  /** Inside a transaction. The result goes to `written` once it is committed. */
  write(keys: readonly Bytes[], nowMs: number): Entry | undefined {
    const data = concat(...keys);
    const old = this.#tooOld(nowMs, data.length);
    if (old.length > 0) this.#store.forgetRemembered(old.at(-1)!.entry);
    if (data.length === 0) return undefined;
    return { entry: this.#store.remember(data, nowMs), storedAtMs: nowMs, sizeBytes: data.length };
  }

  written(entry: Entry | undefined): void {
    if (entry === undefined) return;
    const old = this.#tooOld(entry.storedAtMs, entry.sizeBytes);
    for (const gone of old) this.#sizeBytes -= gone.sizeBytes;
    if (old.length > 0) this.#entries = this.#entries.slice(old.length);
    this.#entries.push(entry);
    this.#sizeBytes += entry.sizeBytes;
  }

  #tooOld(nowMs: number, moreBytes: number): Entry[] {
    const old: Entry[] = [];
    let left = this.#sizeBytes + moreBytes;
    for (const entry of this.#entries) {
      if (left <= MAX_REMEMBERED_BYTES_ON_DISK && nowMs - entry.storedAtMs <= REMEMBER_SENT_MS) break;
      old.push(entry);
      left -= entry.sizeBytes;
    }
    return old;
  }
}

/** Puts keys, SENT_KEY_BYTES each, into their senders' windows. */
export function recall(keys: Bytes, windows: SentWindows): void {
  let sender = "";
  let senderKey: Bytes | undefined;
  for (let at = 0; at < keys.length; at += SENT_KEY_BYTES) {
    const key = keys.subarray(at, at + ACCOUNT_ID_SIZE_BYTES + 4);
    // Runs of one sender are common, and text is slow to make.
    if (senderKey === undefined || !sameKey(senderKey, key)) {
      senderKey = key;
      const device = readU32(keys, at + ACCOUNT_ID_SIZE_BYTES) as DeviceNumber;
      sender = formatAddress({ account: accountIdFromBytes(key.subarray(0, ACCOUNT_ID_SIZE_BYTES)), device });
    }
    windows.of(sender).add(keys, at + ACCOUNT_ID_SIZE_BYTES + 4);
  }
}

function sameKey(a: Bytes, b: Bytes): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
