/** Pages of snapshots that are not all there yet. */
import type { SqlDatabase } from "@hawser/base";

export interface StatePageStore {
  put(collection: string, takenAtMs: number, index: number, page: Uint8Array): void;
  /** Of one snapshot. */
  of(collection: string, takenAtMs: number): Uint8Array[];
  count(collection: string, takenAtMs: number): number;
  clear(collection?: string): void;
}

export function openStatePages(database: SqlDatabase): StatePageStore {
  const ofOne = "FROM state_pages WHERE collection = ? AND taken_at_ms = ?";
  return {
    put(...row) {
      database.prepare("INSERT OR REPLACE INTO state_pages (collection, taken_at_ms, idx, page) VALUES (?, ?, ?, ?)").run(...row);
    },
    of: (...one) =>
      database
        .prepare(`SELECT page ${ofOne} ORDER BY idx`)
        .all<{ page: Uint8Array }>(...one)
        .map(({ page }) => page),
    count: (...one) => database.prepare(`SELECT count(*) AS n ${ofOne}`).get<{ n: number }>(...one)!.n,
    clear(collection) {
      if (collection === undefined) database.exec("DELETE FROM state_pages");
      else database.prepare("DELETE FROM state_pages WHERE collection = ?").run(collection);
    },
  };
}
