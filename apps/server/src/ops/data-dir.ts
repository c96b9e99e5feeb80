/**
 * Where everything lies. Invariant: at most one server uses a data folder; the lock is the operating system's, so it ends
 * with the process however that ends.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { OperationalError, type Random } from "@hawser/base";

export const ROLE_NAMES = ["mailbox", "directory", "prekeys", "rendezvous", "blobs", "outcomes"] as const;
export type RoleName = (typeof ROLE_NAMES)[number];
/** What an account needs; counts of the past are no loss. */
export const BACKED_UP_ROLES = ROLE_NAMES.filter((role) => role !== "outcomes");

export const storePath = (dataDir: string, role: RoleName): string => join(dataDir, `${role}.db`);
export const blobsPath = (dataDir: string): string => join(dataDir, "blobs");
export const certificatePath = (dataDir: string): string => join(dataDir, "certificate.pem");
const ticketKeyPath = (dataDir: string): string => join(dataDir, "ticket.key");
const TICKET_KEY_SIZE_BYTES = 32;

export interface DataDirLock {
  release(): void;
}

/** Creates the folder when missing and locks it. @throws OperationalError STORE_UNAVAILABLE when a server uses it. */
export function lockDataDir(dataDir: string): DataDirLock {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(dataDir, "lock.db"));
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    throw new OperationalError("STORE_UNAVAILABLE", { message: "another server is using this data folder", retry: "never", cause });
  }
  return { release: () => database.close() };
}

/** The key that seals upload tickets, made at the first start. */
export function loadOrCreateTicketKey(dataDir: string, random: Random): Uint8Array {
  const path = ticketKeyPath(dataDir);
  try {
    const key = readFileSync(path);
    if (key.length === TICKET_KEY_SIZE_BYTES) return new Uint8Array(key);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const key = random.bytes(TICKET_KEY_SIZE_BYTES);
  writeFileSync(`${path}.new`, key, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return key;
}
