/**
 * Outcomes between two writes, equal ones counted together. Invariant: at most `MAX_TALLIED` different ones; what does not fit is counted
 * on /metrics and lost to the stream. Nothing here waits for a store, so nobody waits for outcomes.
 */
import type { OutcomeRow } from "./outcome-store.ts";

export const MAX_TALLIED = 4_096;

export class OutcomeTally {
  readonly #rows = new Map<string, OutcomeRow>();

  add(row: OutcomeRow): void {
    const { source, attempt, stage, code, durationBucket, segment } = row;
    const key = `${source} ${attempt} ${stage} ${code} ${durationBucket} ${Object.values(segment).join(" ")}`;
    const known = this.#rows.get(key);
    if (known === undefined && this.#rows.size >= MAX_TALLIED) return;
    this.#rows.set(key, { ...row, count: (known?.count ?? 0) + row.count, atMs: Math.max(known?.atMs ?? 0, row.atMs) });
  }

  /** Takes all out, if `write` takes them; otherwise they stay. */
  drain(write: (rows: readonly OutcomeRow[]) => void): void {
    if (this.#rows.size === 0) return;
    write([...this.#rows.values()]);
    this.#rows.clear();
  }
}
