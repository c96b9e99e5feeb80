/**
 * The directory: which devices may act for an account, proved by a chain of lists that the account key signed. Invariant:
 * an account's stored chain is a valid hash chain from list 1, it only ever grows, and `find` shows its last entry.
 * docs/PROTOCOL.md, "Device list".
 */
import type { AccountId, Bytes, DeviceNumber, Result } from "@hawser/base";
import type { SignedDeviceList } from "@hawser/wire";

export type DirectoryDeviceKind = "phone" | "companion";

export interface DirectoryDevice {
  readonly kind: DirectoryDeviceKind;
  /** Ed25519 public key, 32 bytes. */
  readonly signingKey: Bytes;
  /** X25519 public key, 32 bytes. */
  readonly dhKey: Bytes;
}

/** An account as its newest list has it. Immutable: a change makes a new entry, so it may be kept and compared by reference. */
export interface DirectoryEntry {
  readonly account: AccountId;
  readonly listNumber: number;
  /** SHA-256 of the newest list's payload, 32 bytes. */
  readonly listHash: Bytes;
  readonly devices: ReadonlyMap<DeviceNumber, DirectoryDevice>;
  readonly nextDeviceNumber: number;
}

export interface DirectoryError {
  /**
   * `LIST_INVALID` breaks a rule · `LIST_CONFLICT` another list has that number already, or there is a gap ·
   * `UNKNOWN_ACCOUNT` nobody registered it here · `LIST_CHAIN_FULL` the chain is as long as it may be: only lists that remove devices go on, and those by which an account is restored.
   */
  readonly code: "LIST_INVALID" | "LIST_CONFLICT" | "UNKNOWN_ACCOUNT" | "LIST_CHAIN_FULL";
  /** For LIST_CONFLICT: the entries the caller does not have, ascending, at most MAX_LISTS_PER_ANSWER. */
  readonly missing: readonly SignedDeviceList[];
  /** Whose lists these were, where that is known. */
  readonly account: AccountId | undefined;
  /** Log-safe: which rule was broken. */
  readonly reason: string;
}

/** Told after the change is durable, in the order of changes of one account. `revoked` left the list with `newLists`. */
export type DirectoryListener = (entry: DirectoryEntry, newLists: readonly SignedDeviceList[], revoked: readonly DeviceNumber[]) => void;

/**
 * What other roles ask of the directory. Every method may throw `OperationalError` STORE_UNAVAILABLE; callers answer it as
 * "retry later", never as "unknown".
 */
export interface Directory {
  /** Synchronous, from a bounded cache first. `undefined`: nobody registered it here. */
  find(account: AccountId): DirectoryEntry | undefined;
  /** Entries above `afterNumber`, ascending, as many as fit one answer. */
  listsAfter(account: AccountId, afterNumber: number): SignedDeviceList[];
  /** The list that first named the device as revoked; `undefined` when no list revokes it. */
  revokingList(account: AccountId, device: DeviceNumber): SignedDeviceList | undefined;
  /**
   * Verifies and appends lists of one registered account, ascending; durable before it returns. Entries it already has are
   * skipped, so the same call again gives the same answer. All of them or none.
   */
  apply(lists: readonly SignedDeviceList[]): Result<DirectoryEntry, DirectoryError>;
  isBlocked(recipient: AccountId, sender: AccountId): boolean;
  /** Listeners must not throw. */
  onChange(listener: DirectoryListener): void;
}
