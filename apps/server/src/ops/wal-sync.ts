/**
 * Syncs a store's write-ahead log from the thread pool, so that the server works while the disk does. Invariants: it syncs the very file that
 * SQLite writes, with the effect of `synchronous = FULL`: a commit's frames are in the log before the call, and SQLite itself syncs
 * the log before it moves pages out of it and when it begins it anew; a write that failed is heard of by everybody whose
 * bytes it may concern, although the system tells it each descriptor only once. docs/adr/0008-sync-beside-the-work.md.
 */
import { closeSync, fdatasync, fdatasyncSync, openSync } from "node:fs";
import type { BlockSync } from "@hawser/relay";

type Done = (failure: unknown) => void;

interface Descriptors {
  readonly beside: number;
  /** One of its own, so that what the other was told is told here as well. */
  readonly now: number;
}

export class WalSync implements BlockSync {
  readonly #path: string;
  #files: Descriptors | undefined;
  #underWay = false;
  /** Came while one was under way, which may have begun before their bytes were there. */
  #next: Done[] = [];
  #closed = false;

  constructor(storePath: string) {
    this.#path = `${storePath}-wal`;
  }

  start(done: Done): void {
    this.#next.push(done);
    if (!this.#underWay) this.#begin();
  }

  now(): void {
    fdatasyncSync(this.#open().now);
  }

  #begin(): void {
    const waiting = this.#next;
    this.#next = [];
    this.#underWay = true;
    let file: number;
    try {
      file = this.#open().beside;
    } catch (cause) {
      setImmediate(() => this.#ended(waiting, cause));
      return;
    }
    fdatasync(file, (failure) => this.#ended(waiting, failure ?? undefined));
  }

  #ended(waiting: readonly Done[], failure: unknown): void {
    this.#underWay = false;
    if (this.#closed) this.close();
    // It may have been the bytes of those that came later, too.
    const concerned = failure === undefined ? waiting : [...waiting, ...this.#next.splice(0)];
    for (const done of concerned) done(failure);
    if (this.#next.length > 0 && !this.#underWay) this.#begin();
  }

  /** Not before something was written: from then on, and as long as the store is open, its log exists and is not replaced. */
  #open(): Descriptors {
    if (this.#closed) throw new Error("the store is closed");
    // SQLite's locks are not on this file, so that closing it later drops none of them.
    this.#files ??= { beside: openSync(this.#path, "r+"), now: openSync(this.#path, "r+") };
    return this.#files;
  }

  /** Once no sync is on its way any more: the descriptor's number could be given to another file. */
  close(): void {
    this.#closed = true;
    if (this.#underWay || this.#files === undefined) return;
    closeSync(this.#files.beside);
    closeSync(this.#files.now);
    this.#files = undefined;
  }
}
