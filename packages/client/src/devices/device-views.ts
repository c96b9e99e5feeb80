/** What an application sees of the devices of its account. Part of the public surface (`api.ts`). */
import type { DeviceNumber } from "@hawser/base";

/** Which of the two faces this profile is. Decided once, when an account is created, restored or linked. */
export type Role = "phone" | "companion";

export interface DeviceInfo {
  readonly device: DeviceNumber;
  readonly name: string;
  readonly role: Role;
  readonly isThis: boolean;
  readonly addedAtMs: number;
  readonly connected: boolean;
  readonly lastSeenMs: number | undefined;
  /** Away for longer than `Settings.dormantAfterMonths`, by the server's record. It comes back by itself when it connects. */
  readonly dormantSinceMs: number | undefined;
  /** On a phone: a companion whose identity can be given back to it, should it lose its store. */
  readonly restorable: boolean;
}

export interface DeviceAlert {
  readonly id: string;
  readonly kind: "added" | "removed";
  readonly device: DeviceNumber;
  readonly name: string;
  readonly role: Role;
  readonly atMs: number;
  /** The phone that added it, or the device that removed it, where the lists say so. */
  readonly byName: string | undefined;
  /** "Remove it" was answered: the phone does it, after a moment in which it can be taken back (`undo`). */
  readonly removing: boolean;
}
