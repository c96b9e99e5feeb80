/** What happened, as a running hash (the same seed gives the same) and as the last lines (for a person). */
import { createHash } from "node:crypto";
import type { Bytes } from "@hawser/base";
import { type Scheduler, WORLD_STARTS_MS } from "./scheduler.ts";

const KEPT_LINES = 400;

export class Trace {
  readonly #hash = createHash("sha256");
  readonly #scheduler: Scheduler;
  readonly #follow: ((line: string) => void) | undefined;
  readonly lines: string[] = [];

  constructor(scheduler: Scheduler, follow?: (line: string) => void) {
    this.#scheduler = scheduler;
    this.#follow = follow;
  }

  note(what: string, bytes?: Bytes): void {
    const seconds = ((this.#scheduler.nowMs - WORLD_STARTS_MS) / 1_000).toFixed(3);
    const line = `${seconds.padStart(11)} s  ${what}`;
    this.#hash.update(line);
    if (bytes !== undefined) this.#hash.update(bytes);
    this.lines.push(line);
    if (this.lines.length > 2 * KEPT_LINES) this.lines.splice(0, KEPT_LINES);
    this.#follow?.(line);
  }

  /** Ends the trace: call it once. */
  digest(): string {
    return this.#hash.digest("hex").slice(0, 16);
  }
}
