/**
 * Which messages a device has sent before, so that sending again is harmless. Invariant: a message id is remembered from
 * its first append on, across restarts too, until the bounds below push it out; a failed commit takes it back.
 */
import { type Bytes, MESSAGE_ID_SIZE_BYTES } from "@hawser/base";
import { MAX_REMEMBERED_IDS, MAX_REMEMBERED_PER_SENDER } from "./mailbox-bounds.ts";

/** 16 bytes as a string of 8 units: exact, and cheap to hash. */
function messageKey(id: Bytes, at: number): string {
  return String.fromCharCode(
    (id[at]! << 8) | id[at + 1]!,
    (id[at + 2]! << 8) | id[at + 3]!,
    (id[at + 4]! << 8) | id[at + 5]!,
    (id[at + 6]! << 8) | id[at + 7]!,
    (id[at + 8]! << 8) | id[at + 9]!,
    (id[at + 10]! << 8) | id[at + 11]!,
    (id[at + 12]! << 8) | id[at + 13]!,
    (id[at + 14]! << 8) | id[at + MESSAGE_ID_SIZE_BYTES - 1]!,
  );
}

/** The way back. */
function keyBytes(key: string): Uint8Array {
  const bytes = new Uint8Array(MESSAGE_ID_SIZE_BYTES);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < key.length; i++) view.setUint16(2 * i, key.charCodeAt(i));
  return bytes;
}

export class SentWindow {
  readonly #ids = new Set<string>();
  #last: string | undefined;
  readonly #all: SentWindows;
  /** Connections of this sender: it is not forgotten while it has one. */
  holders = 0;

  constructor(all: SentWindows) {
    this.#all = all;
  }

  get size(): number {
    return this.#ids.size;
  }

  /** Remembers an id; false when it was known already. `at` is where it begins in `id`. */
  add(id: Bytes, at = 0): boolean {
    const key = messageKey(id, at);
    if (this.#ids.has(key)) return false;
    this.#ids.add(key);
    this.#last = key;
    if (this.#ids.size > MAX_REMEMBERED_PER_SENDER) {
      const oldest = this.#ids.values().next();
      if (oldest.done !== true) this.#ids.delete(oldest.value);
    } else {
      this.#all.grown();
    }
    return true;
  }

  /** The id added last, 16 bytes; also one that was taken back: its device has sent it all the same. */
  get last(): Bytes | undefined {
    return this.#last === undefined ? undefined : keyBytes(this.#last);
  }

  has(id: Bytes): boolean {
    return this.#ids.has(messageKey(id, 0));
  }

  /** Takes back an id whose message could not be stored. */
  remove(id: Bytes, at = 0): void {
    if (this.#ids.delete(messageKey(id, at))) this.#all.shrunk(1);
  }
}

export class SentWindows {
  /** Least recently connected first. */
  readonly #windows = new Map<string, SentWindow>();
  #size = 0;

  /** Of a sender known by text, e.g. its formatted address. Moves it to the end of the line of those to be forgotten. */
  of(sender: string): SentWindow {
    const known = this.#windows.get(sender);
    const window = known ?? new SentWindow(this);
    if (known !== undefined) this.#windows.delete(sender);
    this.#windows.set(sender, window);
    return window;
  }

  get size(): number {
    return this.#size;
  }

  grown(): void {
    this.#size++;
    if (this.#size <= MAX_REMEMBERED_IDS) return;
    let candidates = this.#windows.size;
    for (const [sender, window] of this.#windows) {
      if (candidates-- === 0) return;
      this.#windows.delete(sender);
      if (window.holders === 0) {
        this.shrunk(window.size);
        return;
      }
      // Still connected: to the end of the line, so that the next search is short.
      this.#windows.set(sender, window);
    }
  }

  shrunk(count: number): void {
    this.#size -= count;
  }
}
