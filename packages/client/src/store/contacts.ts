/** People this account knows. A row exists for everyone who wrote; `listed` marks those whom the owner added or accepted. */
import type { AccountId, SqlDatabase } from "@hawser/base";
import type { Contact } from "../api.ts";
import { senderName } from "./message-rows.ts";

export interface ContactRow {
  readonly account: string;
  readonly name: string;
  readonly profile_name: string;
  readonly handle: string;
  readonly verified: number;
  readonly blocked: number;
  readonly listed: number;
  readonly added_at_ms: number;
  readonly profile_sent: number;
}

export type ContactChange = Partial<Omit<ContactRow, "account">>;

export interface ContactStore {
  find(account: AccountId): ContactRow | undefined;
  /** Everyone who is listed, by name. */
  list(): Contact[];
  /** Makes the row when needed and changes the columns given. */
  put(account: AccountId, change: ContactChange): ContactRow;
  /** Others' profiles have to be told again, after the own name changed. */
  forgetSentProfiles(): void;
}

/** An account's key cannot change (its id is the key's fingerprint), so `keyChanged` stays false by construction. */
export function toContact(row: ContactRow): Contact {
  const called = row.name || row.profile_name || row.handle;
  return {
    account: row.account as AccountId,
    name: senderName(called, null, row.account),
    handle: row.handle === "" ? undefined : row.handle,
    verified: row.verified === 1,
    blocked: row.blocked === 1,
    keyChanged: false,
  };
}

const COLUMNS: ReadonlySet<string> = new Set(["name", "profile_name", "handle", "verified", "blocked", "listed", "added_at_ms", "profile_sent"]);

export function openContacts(database: SqlDatabase): ContactStore {
  const find = (account: AccountId): ContactRow | undefined => database.prepare("SELECT * FROM contacts WHERE account = ?").get<ContactRow>(account);
  return {
    find,
    list() {
      return database
        .prepare("SELECT * FROM contacts WHERE listed = 1")
        .all<ContactRow>()
        .map(toContact)
        .sort((a, b) => a.name.localeCompare(b.name));
    },
    put(account, change) {
      database.prepare("INSERT INTO contacts (account) VALUES (?) ON CONFLICT (account) DO NOTHING").run(account);
      for (const [column, value] of Object.entries(change)) {
        if (COLUMNS.has(column)) database.prepare(`UPDATE contacts SET ${column} = ? WHERE account = ?`).run(value, account);
      }
      return find(account)!;
    },
    forgetSentProfiles() {
      database.prepare("UPDATE contacts SET profile_sent = 0").run();
    },
  };
}
