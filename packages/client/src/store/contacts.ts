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
  /** Not a column: whether the account's device lists contradict each other. */
  readonly list_conflict: number;
}

export type ContactChange = Partial<Omit<ContactRow, "account" | "list_conflict">>;

/** Selects `ContactRow`s; a WHERE is added by the caller. */
const SELECT_CONTACTS = "SELECT c.*, EXISTS (SELECT 1 FROM list_conflicts x WHERE x.account = c.account) AS list_conflict FROM contacts c";

export interface ContactStore {
  find(account: AccountId): ContactRow | undefined;
  /** Everyone who is listed, by name. */
  list(): Contact[];
  /** Makes the row when needed and changes the columns given. */
  put(account: AccountId, change: ContactChange): ContactRow;
  /** Others' profiles have to be told again, after the own name changed. */
  forgetSentProfiles(): void;
}

export function toContact(row: ContactRow): Contact {
  const called = row.name || row.profile_name || row.handle;
  return {
    account: row.account as AccountId,
    name: senderName(called, null, row.account),
    handle: row.handle === "" ? undefined : row.handle,
    verified: row.verified === 1,
    blocked: row.blocked === 1,
    listConflict: row.list_conflict === 1,
  };
}

const COLUMNS: ReadonlySet<string> = new Set([
  "name",
  "profile_name",
  "handle",
  "verified",
  "blocked",
  "listed",
  "added_at_ms",
  "profile_sent",
]);

/** The contact as shown, also of someone of whom nothing but the account is known. */
export function contactOf(database: SqlDatabase, account: AccountId): Contact {
  const row = database.prepare(`${SELECT_CONTACTS} WHERE c.account = ?`).get<ContactRow>(account);
  if (row !== undefined) return toContact(row);
  const list_conflict = database.prepare("SELECT 1 AS found FROM list_conflicts WHERE account = ?").get(account) === undefined ? 0 : 1;
  return toContact({
    account,
    name: "",
    profile_name: "",
    handle: "",
    verified: 0,
    blocked: 0,
    listed: 0,
    added_at_ms: 0,
    profile_sent: 0,
    list_conflict,
  });
}

export function openContacts(database: SqlDatabase): ContactStore {
  const find = (account: AccountId): ContactRow | undefined =>
    database.prepare(`${SELECT_CONTACTS} WHERE c.account = ?`).get<ContactRow>(account);
  return {
    find,
    list() {
      return database
        .prepare(`${SELECT_CONTACTS} WHERE c.listed = 1`)
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
