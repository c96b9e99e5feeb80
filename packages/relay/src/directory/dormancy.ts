/**
 * Devices that were away for longer than their account chose: nothing is kept for them until they come back. Invariants: only an account's
 * own device sets its period; a device stays in its list and comes back by its own signature; what was dropped is said to it (the mailbox's
 * resync), so that nothing is missed in silence. docs/PROTOCOL.md, "Dormant devices".
 */
import {
  accountIdFromBytes,
  type AccountId,
  accountIdToBytes,
  type Bytes,
  type DeviceAddress,
  type DeviceNumber,
  type SqlDatabase,
} from "@hawser/base";
import type { Mailboxes } from "../mailbox/index.ts";
import type { DeviceActivity } from "./device-activity.ts";

const DAY_MS = 86_400_000;
/** Devices looked at with one query. */
const MAX_EMPTIED_PER_PASS = 256;

export class Dormancy {
  readonly #database: SqlDatabase;
  readonly #activity: DeviceActivity;

  constructor(database: SqlDatabase, activity: DeviceActivity) {
    this.#database = database;
    this.#activity = activity;
  }

  /** Durable before it returns. 0: never. */
  set(account: AccountId, afterDays: number): void {
    const id = accountIdToBytes(account);
    this.#database.transaction(() => {
      this.#database.prepare("DELETE FROM dormancy WHERE account = ?").run(id);
      if (afterDays > 0) this.#database.prepare("INSERT INTO dormancy VALUES (?, ?)").run(id, afterDays);
    });
  }

  /** Longest away first, from the given place on. */
  due(nowMs: number, skip = 0): DeviceAddress[] {
    this.#activity.flush();
    return this.#database
      .prepare(
        `SELECT a.account, a.device FROM dormancy d JOIN activity a ON a.account = d.account
         WHERE a.last_seen_hour_ms < ? - d.after_days * ${DAY_MS} ORDER BY a.last_seen_hour_ms LIMIT ${MAX_EMPTIED_PER_PASS} OFFSET ?`,
      )
      .all<{ account: Bytes; device: number }>(nowMs, skip)
      .map((row) => ({ account: accountIdFromBytes(row.account), device: row.device as DeviceNumber }));
  }
}

/** One pass over all that are due. Returns how many mailboxes were emptied. */
export function emptyDormant(dormancy: Dormancy, mailboxes: Mailboxes, nowMs: number): number {
  let emptied = 0;
  for (let skip = 0; ; skip += MAX_EMPTIED_PER_PASS) {
    const due = dormancy.due(nowMs, skip);
    for (const address of due) if (mailboxes.empty(address)) emptied++;
    if (due.length < MAX_EMPTIED_PER_PASS) return emptied;
  }
}
