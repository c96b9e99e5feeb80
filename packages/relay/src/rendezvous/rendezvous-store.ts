/**
 * Rendezvous mailboxes: two sides of numbered slots each, relayed and never understood. Invariants: a slot is written once
 * and is durable before it is acknowledged; only the writer of a side's slot 0 writes that side; ten minutes after its first
 * write a rendezvous is over, and stays over while anybody could still try. docs/PROTOCOL.md, "Linking".
 */
import { assert, type Bytes, equalBytes, type SqlDatabase } from "@hawser/base";
import { MAX_RENDEZVOUS_SLOTS, RENDEZVOUS_LIFETIME_MS } from "@hawser/wire";
import { migrate } from "../store/migrations.ts";
import { RENDEZVOUS_MIGRATIONS } from "./rendezvous-schema.ts";

export type Side = 1 | 2;

export interface Slot {
  readonly index: number;
  readonly body: Bytes;
}

export type PutOutcome =
  /** `fresh` is false when the same bytes stood there already. */
  | { readonly kind: "stored"; readonly fresh: boolean; readonly expiresInMs: number }
  | { readonly kind: "conflict" }
  | { readonly kind: "expired" }
  /** The store holds as many rendezvous as it may; `retryAfterMs` until the oldest ends. */
  | { readonly kind: "full"; readonly retryAfterMs: number };

export const MAX_RENDEZVOUS = 100_000;
/** A rendezvous that ended is remembered, without its slots, so that a late write is told apart from a first one. */
const REMEMBERED_MS = 3_600_000;

interface SlotRow {
  readonly writer_token: Bytes;
  readonly body: Bytes;
}

export class RendezvousStore {
  readonly #database: SqlDatabase;
  readonly #maxRendezvous: number;

  constructor(database: SqlDatabase, maxRendezvous: number = MAX_RENDEZVOUS) {
    migrate(database, RENDEZVOUS_MIGRATIONS);
    this.#database = database;
    this.#maxRendezvous = maxRendezvous;
  }

  /** Whether anything was written there, be it over by now. */
  knows(id: Bytes): boolean {
    return this.#expiry(id) !== undefined;
  }

  put(id: Bytes, side: Side, index: number, body: Bytes, writerToken: Bytes, nowMs: number): PutOutcome {
    assert(index >= 0 && index < MAX_RENDEZVOUS_SLOTS, "the caller checked the slot's number");
    return this.#database.transaction((): PutOutcome => {
      const known = this.#expiry(id);
      if (known !== undefined && known <= nowMs) return { kind: "expired" };
      const owner = this.#slot(id, side, 0);
      if (
        index > 0
          ? owner === undefined || !equalBytes(owner.writer_token, writerToken)
          : owner !== undefined && !equalBytes(owner.writer_token, writerToken)
      ) {
        return { kind: "conflict" };
      }
      const expiresAtMs = known ?? Math.floor(nowMs) + RENDEZVOUS_LIFETIME_MS;
      const there = this.#slot(id, side, index);
      if (there !== undefined) return equalBytes(there.body, body) ? stored(false, expiresAtMs - nowMs) : { kind: "conflict" };
      if (known === undefined) {
        const retryAfterMs = this.#waitForRoom(nowMs);
        if (retryAfterMs > 0) return { kind: "full", retryAfterMs };
        this.#database.prepare("INSERT INTO rendezvous VALUES (?, ?)").run(id, expiresAtMs);
      }
      this.#database.prepare("INSERT INTO slots VALUES (?, ?, ?, ?, ?)").run(id, side, index, writerToken, body);
      return stored(true, expiresAtMs - nowMs);
    });
  }

  /** Slots of one side from `fromIndex` on, and the life left; "expired" when it is over. Unknown ids have their whole life. */
  read(
    id: Bytes,
    side: Side,
    fromIndex: number,
    nowMs: number,
  ): { readonly slots: readonly Slot[]; readonly expiresInMs: number } | "expired" {
    const expiresAtMs = this.#expiry(id);
    if (expiresAtMs === undefined) return { slots: [], expiresInMs: RENDEZVOUS_LIFETIME_MS };
    if (expiresAtMs <= nowMs) return "expired";
    const slots = this.#database
      .prepare("SELECT slot AS 'index', body FROM slots WHERE id = ? AND side = ? AND slot >= ? ORDER BY slot")
      .all<Slot>(id, side, fromIndex);
    return { slots, expiresInMs: clampLife(expiresAtMs - nowMs) };
  }

  /** Drops what is over; in pieces, so that nobody waits long. Returns whether more is left to do. */
  sweep(nowMs: number, maxRows = 500): boolean {
    return this.#database.transaction(() => {
      const over = this.#database
        .prepare(
          "DELETE FROM slots WHERE (id, side, slot) IN (SELECT s.id, s.side, s.slot FROM rendezvous r JOIN slots s ON s.id = r.id WHERE r.expires_at_ms <= ? LIMIT ?)",
        )
        .run(Math.floor(nowMs), maxRows).changes;
      const forgotten = this.#database
        .prepare("DELETE FROM rendezvous WHERE id IN (SELECT id FROM rendezvous WHERE expires_at_ms <= ? LIMIT ?)")
        .run(Math.floor(nowMs - REMEMBERED_MS), maxRows).changes;
      return over === maxRows || forgotten === maxRows;
    });
  }

  #waitForRoom(nowMs: number): number {
    const count =
      this.#database.prepare("SELECT count(*) AS n FROM rendezvous WHERE expires_at_ms > ?").get<{ n: number }>(Math.floor(nowMs))?.n ?? 0;
    if (count < this.#maxRendezvous) return 0;
    const first = this.#database
      .prepare("SELECT min(expires_at_ms) AS at FROM rendezvous WHERE expires_at_ms > ?")
      .get<{ at: number }>(Math.floor(nowMs));
    return Math.max(1_000, (first?.at ?? nowMs) - nowMs);
  }

  #expiry(id: Bytes): number | undefined {
    return this.#database.prepare("SELECT expires_at_ms FROM rendezvous WHERE id = ?").get<{ expires_at_ms: number }>(id)?.expires_at_ms;
  }

  #slot(id: Bytes, side: Side, index: number): SlotRow | undefined {
    return this.#database
      .prepare("SELECT writer_token, body FROM slots WHERE id = ? AND side = ? AND slot = ?")
      .get<SlotRow>(id, side, index);
  }
}

const stored = (fresh: boolean, lifeMs: number): PutOutcome => ({ kind: "stored", fresh, expiresInMs: clampLife(lifeMs) });

/** A server clock that was set back must not promise more than a lifetime. */
const clampLife = (lifeMs: number): number => Math.max(0, Math.min(RENDEZVOUS_LIFETIME_MS, Math.ceil(lifeMs)));
