/**
 * Who is told of new slots: connections, in memory. Invariant: a connection is found here from its watch until it leaves or
 * closes, never longer; both the watches of a connection and the watchers of a rendezvous are bounded.
 */
import type { Bytes } from "@hawser/base";
import { toHex } from "@hawser/base";
import type { Side } from "./rendezvous-store.ts";

export const MAX_WATCHES_PER_CONNECTION = 16;
export const MAX_WATCHERS_PER_RENDEZVOUS = 16;

interface Watch<Watcher> {
  readonly watcher: Watcher;
  /** The side whose slots are pushed. */
  readonly side: Side;
  fromIndex: number;
}

export class RendezvousWatchers<Watcher extends object> {
  readonly #byRendezvous = new Map<string, Watch<Watcher>[]>();
  readonly #byWatcher = new Map<Watcher, Set<string>>();

  /** The same watch again only moves `fromIndex`. `false` when a bound is reached. */
  add(id: Bytes, side: Side, fromIndex: number, watcher: Watcher): boolean {
    const key = toHex(id);
    const watches = this.#byRendezvous.get(key) ?? [];
    const same = watches.find((watch) => watch.watcher === watcher && watch.side === side);
    if (same !== undefined) {
      same.fromIndex = fromIndex;
      return true;
    }
    const own = this.#byWatcher.get(watcher) ?? new Set<string>();
    if (watches.length >= MAX_WATCHERS_PER_RENDEZVOUS || (!own.has(key) && own.size >= MAX_WATCHES_PER_CONNECTION)) return false;
    watches.push({ watcher, side, fromIndex });
    own.add(key);
    this.#byRendezvous.set(key, watches);
    this.#byWatcher.set(watcher, own);
    return true;
  }

  /** Those to tell about slot `index` of `side`. */
  of(id: Bytes, side: Side, index: number): Watcher[] {
    const watches = this.#byRendezvous.get(toHex(id)) ?? [];
    return watches.filter((watch) => watch.side === side && watch.fromIndex <= index).map((watch) => watch.watcher);
  }

  /** Everybody who watches it, whichever side. */
  watching(id: Bytes): Watcher[] {
    return (this.#byRendezvous.get(toHex(id)) ?? []).map((watch) => watch.watcher);
  }

  /** Whether it was watching. */
  leave(id: Bytes, watcher: Watcher): boolean {
    const key = toHex(id);
    const watched = this.#byWatcher.get(watcher)?.has(key) ?? false;
    if (watched) this.#drop(key, watcher);
    return watched;
  }

  disconnected(watcher: Watcher): void {
    for (const key of this.#byWatcher.get(watcher) ?? []) this.#drop(key, watcher);
  }

  get size(): number {
    return this.#byRendezvous.size;
  }

  #drop(key: string, watcher: Watcher): void {
    const left = (this.#byRendezvous.get(key) ?? []).filter((watch) => watch.watcher !== watcher);
    if (left.length === 0) this.#byRendezvous.delete(key);
    else this.#byRendezvous.set(key, left);
    const own = this.#byWatcher.get(watcher);
    own?.delete(key);
    if (own?.size === 0) this.#byWatcher.delete(watcher);
  }
}
