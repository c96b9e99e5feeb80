/** The client's store: one database, one object a table group. Everything is synchronous, so a tick sees one consistent state. */
import type { Primitives, SqlDatabase } from "@hawser/base";
import { SETTLING } from "../account/identity.ts";
import { type ArchiveRows, openArchiveRows } from "./archive-rows.ts";
import { type AttachmentRequestStore, openAttachmentRequests } from "./attachment-requests.ts";
import { type BlobStore, openBlobs } from "./blobs.ts";
import { type ContactStore, openContacts } from "./contacts.ts";
import { type ConversationStore, openConversations } from "./conversations.ts";
import { type DeviceListStore, openDeviceLists } from "./device-lists.ts";
import { type ForkListStore, openForkLists } from "./fork-lists.ts";
import { type HeldDeliveryStore, openHeldDeliveries } from "./held-deliveries.ts";
import { type HistoryJobStore, openHistoryJobs } from "./history-jobs.ts";
import { type KeyValues, openKeyValues } from "./kv.ts";
import { type ListConflictStore, openListConflicts } from "./list-conflicts.ts";
import { type MessageStore, openMessages } from "./messages.ts";
import { type OutboxStore, openOutbox } from "./outbox.ts";
import { openPreKeys, type PreKeyStore } from "./pre-keys.ts";
import { openResends, type ResendStore } from "./resends.ts";
import { migrate, WIPED_TABLES } from "./schema.ts";
import { openSealedIds, type SealedIdStore } from "./sealed-ids.ts";
import { openSearch, type SearchStore } from "./search.ts";
import { openSessions, type SessionStore } from "./sessions.ts";
import { openStateEntries, type StateEntryStore } from "./state-entries.ts";
import { openStatePages, type StatePageStore } from "./state-pages.ts";
import { openUnread, type UnreadStore } from "./unread.ts";

export interface Store {
  readonly database: SqlDatabase;
  readonly kv: KeyValues;
  readonly conversations: ConversationStore;
  readonly messages: MessageStore;
  readonly unread: UnreadStore;
  readonly search: SearchStore;
  readonly contacts: ContactStore;
  readonly lists: DeviceListStore;
  readonly listConflicts: ListConflictStore;
  readonly forkLists: ForkListStore;
  readonly sessions: SessionStore;
  readonly preKeys: PreKeyStore;
  readonly sealedIds: SealedIdStore;
  readonly outbox: OutboxStore;
  readonly resends: ResendStore;
  readonly stateEntries: StateEntryStore;
  readonly statePages: StatePageStore;
  readonly historyJobs: HistoryJobStore;
  readonly archiveRows: ArchiveRows;
  readonly blobs: BlobStore;
  readonly heldDeliveries: HeldDeliveryStore;
  readonly attachmentRequests: AttachmentRequestStore;
  /** Joins the transaction under way, or runs one of its own. */
  atomically<T>(body: () => T): T;
  /** Removes every row; `keep` writes what shall remain, in the same transaction. */
  wipe(keep?: () => void): void;
}

export function openStore(database: SqlDatabase, primitives: Primitives): Store {
  migrate(database);
  const messages = openMessages(database);
  const lists = openDeviceLists(database, primitives);
  const kv = openKeyValues(database);
  const sealedIds = openSealedIds(database);
  const unread = openUnread(database);
  const conversations = openConversations(database, messages, unread, () => kv.getBytes(SETTLING) !== undefined);
  return {
    database,
    kv,
    conversations,
    messages,
    unread,
    search: openSearch(database, messages),
    contacts: openContacts(database),
    lists,
    listConflicts: openListConflicts(database),
    forkLists: openForkLists(database, primitives),
    sessions: openSessions(database),
    preKeys: openPreKeys(database),
    sealedIds,
    outbox: openOutbox(database, sealedIds),
    resends: openResends(database),
    stateEntries: openStateEntries(database, primitives),
    statePages: openStatePages(database),
    historyJobs: openHistoryJobs(database),
    archiveRows: openArchiveRows(database),
    blobs: openBlobs(database),
    heldDeliveries: openHeldDeliveries(database),
    attachmentRequests: openAttachmentRequests(database),
    atomically: (body) => (database.inTransaction ? body() : database.transaction(body)),
    wipe(keep) {
      lists.forget();
      conversations.forget();
      database.transaction(() => {
        for (const table of WIPED_TABLES) database.exec(`DELETE FROM ${table}`);
        // The index only marks what was deleted; its words stay until it is emptied as a whole.
        database.exec("INSERT INTO messages_fts (messages_fts) VALUES ('delete-all')");
        keep?.();
      });
      // What was deleted must not be readable in the file's free pages, nor in the log. Without room for it the rows are gone all the same.
      try {
        database.exec("VACUUM");
        database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      } catch {
        // A full disk: the next wipe or the next growth overwrites them.
      }
    },
  };
}
