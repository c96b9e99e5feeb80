/** One account of a world. */
import type { AccountId } from "@hawser/base";
import type { Device } from "./device.ts";

export interface Account {
  readonly handle: string;
  id: AccountId | undefined;
  readonly devices: Device[];
  /** What its person takes for the phone, once that is not the first device any more. */
  phone?: Device;
}

export const phoneOf = (account: Account): Device => account.phone ?? account.devices[0]!;
