/** What an application sees of the people an account knows. Part of the public surface (`api.ts`). */
import type { AccountId, DeviceNumber } from "@hawser/base";
import type { Role } from "../devices/device-views.ts";

export interface Contact {
  readonly account: AccountId;
  readonly name: string;
  readonly handle: string | undefined;
  readonly verified: boolean;
  readonly blocked: boolean;
  /**
   * Two different device lists of this account were seen, both signed by it: someone may be listening in. Nothing is sent to it
   * meanwhile; what is written stays "queued". It ends when the server and this device agree again on one chain of lists, or when a
   * person chooses one of them (`listFork`, `trustBranch`). (An account's key itself cannot change: the account id is its fingerprint.)
   */
  readonly listConflict: boolean;
}

export interface SafetyNumber {
  /** 60 digits in 12 groups of five. */
  readonly digits: string;
  readonly verified: boolean;
}

/** What a contact's chain of device lists parted into. */
export interface ListFork {
  readonly account: AccountId;
  /** Something is frozen now. Otherwise a person has chosen before, and may choose again. */
  readonly listConflict: boolean;
  /** The last list that all branches have in common; 0: none. */
  readonly commonNumber: number;
  /** The pinned one first. Only whole branches: of one whose lists are not all known nothing can be chosen. */
  readonly branches: readonly ListBranch[];
}

export interface ListBranch {
  /** The hash of its newest list, in hexadecimal: what `trustBranch` names. */
  readonly id: string;
  /** 20 digits in 4 groups of five, made from its newest list: the contact sees the same ones as `deviceListCode` on each of its devices. */
  readonly code: string;
  readonly number: number;
  readonly signedAtMs: number;
  /** The one that this device has known so far. */
  readonly pinned: boolean;
  /** A person decided against it before. */
  readonly rejected: boolean;
  readonly devices: readonly {
    readonly device: DeviceNumber;
    readonly role: Role;
    readonly addedAtMs: number;
    /** No other branch has this device with these keys. */
    readonly onlyHere: boolean;
  }[];
}
