/**
 * Opens the roles of one server. Invariant: messages and the directory must open or the server does not start; the link
 * ceremony, prekeys and blobs come and go without them noticing.
 */
import type { Clock, Primitives, Random } from "@hawser/base";
import {
  BlobBooks,
  type CodeSender,
  type DirectoryRole,
  type Mailboxes,
  type MailboxLimits,
  openDirectoryRole,
  openMailboxes,
  PreKeyStore,
  type RegistrationMode,
  RendezvousStore,
  type Roles,
} from "@hawser/relay";
import type { BlobLimits } from "../config/server-options.ts";
import type { Log } from "../gateway/index.ts";
import { OutcomeStore } from "../outcomes/outcome-store.ts";
import { ROLE_NAMES, type RoleName, storePath } from "./data-dir.ts";
import { Role, type RoleState } from "./role.ts";
import type { RoleStore } from "./role-store.ts";

export interface RoleSet {
  readonly mailbox: Role<Mailboxes>;
  readonly directory: Role<DirectoryRole>;
  readonly prekeys: Role<PreKeyStore>;
  readonly rendezvous: Role<RendezvousStore>;
  readonly blobs: Role<BlobBooks>;
  readonly outcomes: Role<OutcomeStore>;
}

export interface OpenRolesOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly primitives: Primitives;
  readonly registration: RegistrationMode;
  readonly codeSender: CodeSender;
  readonly blobLimits: BlobLimits;
  readonly mailboxLimits: Partial<MailboxLimits>;
  readonly log: Log;
}

export function openRoles(options: OpenRolesOptions): RoleSet {
  const { dataDir, clock, random, primitives, log } = options;
  const opened: Role<unknown>[] = [];
  const role = <T>(name: RoleName, required: boolean, open: (store: RoleStore) => T): Role<T> => {
    const made = new Role<T>({ name, path: storePath(dataDir, name), clock, log, open }, required);
    opened.push(made);
    return made;
  };
  try {
    return {
      mailbox: role("mailbox", true, (database) =>
        openMailboxes({
          database,
          sync: database.sync,
          clock,
          random,
          schedule: setImmediate,
          ...options.mailboxLimits,
          onUpkeepFailure: (cause) => log.error("mailbox-upkeep-failed", cause),
        }),
      ),
      directory: role("directory", true, (database) =>
        openDirectoryRole({ database, clock, random, primitives, mode: options.registration, codeSender: options.codeSender }),
      ),
      prekeys: role("prekeys", false, (database) => new PreKeyStore(database)),
      rendezvous: role("rendezvous", false, (database) => new RendezvousStore(database)),
      blobs: role("blobs", false, (database) => new BlobBooks(database, options.blobLimits.retentionMs)),
      outcomes: role("outcomes", false, (database) => new OutcomeStore(database, random)),
    };
  } catch (error) {
    for (const made of opened) made.close();
    throw error;
  }
}

/** The roles as requests reach them. */
export const rolesForRequests = (roles: RoleSet): Roles => ({
  directory: () => roles.directory.get(),
  preKeys: () => roles.prekeys.get(),
  rendezvous: () => roles.rendezvous.get(),
  blobs: () => roles.blobs.get(),
});

export const roleStates = (roles: RoleSet): Readonly<Record<RoleName, RoleState>> =>
  Object.fromEntries(ROLE_NAMES.map((name) => [name, roles[name].state])) as Record<RoleName, RoleState>;
