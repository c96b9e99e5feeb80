/**
 * What a person can do, from the safest step up. Invariant: a verdict's steps are the table's, in the table's order, without those that
 * cannot help with its cause; nothing that loses anything stands before something that does not.
 */
import type { Cause } from "./causes.ts";

export const STEPS = {
  WAIT: { helps: ["SERVER_DOWN", "SERVER_SILENT", "SERVER_FAULTY", "SERVER_BUSY", "SERVER_FORGOT", "SERVER_REFUSES", "MESSAGES_DOWN", "LINKING_DOWN", "KEYS_DOWN", "FILES_DOWN", "NO_ANSWER"], loses: "nothing" },
  LOOK_AGAIN: { helps: ["CONTRADICTION", "TOO_LITTLE", "NO_ANSWER", "ANSWERS_ALTERED"], loses: "nothing" },
  CHECK_NETWORK: { helps: ["NO_NETWORK", "NO_ROUTE", "NAME_NOT_FOUND", "NO_ANSWER"], loses: "nothing" },
  SIGN_IN_TO_NETWORK: { helps: ["LOGIN_PAGE"], loses: "nothing" },
  CHECK_ADDRESS: { helps: ["NAME_NOT_FOUND", "LOGIN_PAGE", "SERVER_DOWN"], loses: "nothing" },
  OTHER_NETWORK: { helps: ["NO_ROUTE", "NAME_NOT_FOUND", "INTERCEPTED", "LOGIN_PAGE", "SOCKET_BLOCKED", "ANSWERS_ALTERED", "NO_ANSWER"], loses: "nothing" },
  SET_CLOCK: { helps: ["CLOCK_WRONG", "CERTIFICATE_DATES"], loses: "nothing" },
  CLOSE_OTHER: { helps: ["PROFILE_LOCKED"], loses: "nothing" },
  FREE_SPACE: { helps: ["STORAGE_FULL"], loses: "nothing" },
  LASTING_PLACE: { helps: ["STORAGE_FLEETING"], loses: "nothing" },
  COMPARE_DEVICES: { helps: ["LIST_CONFLICT", "DEVICE_REVOKED"], loses: "nothing" },
  TELL_OPERATOR: { helps: ["SERVER_DOWN", "SERVER_SILENT", "SERVER_FAULTY", "SERVER_FORGOT", "SERVER_REFUSES", "SERVER_TOO_OLD", "MESSAGES_DOWN", "LINKING_DOWN", "KEYS_DOWN", "FILES_DOWN", "CERTIFICATE_DATES", "LIST_CONFLICT", "NO_ANSWER"], loses: "nothing" },
  RESTART: { helps: ["STORAGE_DAMAGED", "STORAGE_LOST", "PROFILE_LOCKED"], loses: "nothing" },
  UPDATE: { helps: ["CLIENT_TOO_OLD"], loses: "nothing" },
  /** Keys and messages of this device only; the account and its other devices stay, and history comes again from them. */
  LINK_AGAIN: { helps: ["DEVICE_REVOKED", "STORAGE_LOST", "STORAGE_DAMAGED"], loses: "this-device" },
} as const satisfies Record<string, { readonly helps: readonly Cause[]; readonly loses: "nothing" | "this-device" }>; // prettier-ignore

export type StepName = keyof typeof STEPS;

export interface Step {
  readonly name: StepName;
  readonly loses: "nothing" | "this-device";
}

export function stepsFor(cause: Cause): readonly Step[] {
  return (Object.keys(STEPS) as StepName[])
    .filter((name) => (STEPS[name].helps as readonly Cause[]).includes(cause))
    .map((name) => ({ name, loses: STEPS[name].loses }));
}
