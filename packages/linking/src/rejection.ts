/** What the phone's "no" is called on the companion's screen. */
import type { RejectionName } from "./link-jobs.ts";
import type { LinkErrorName } from "./link-status.ts";

export const REJECTION_ERRORS: Readonly<Record<RejectionName, LinkErrorName>> = {
  DECLINED: "DECLINED",
  DEVICE_LIMIT: "DEVICE_LIMIT",
  LIST_CHAIN_FULL: "LIST_CHAIN_FULL",
  ORIGIN_MISMATCH: "CODE_OTHER_ORIGIN",
  TIMEOUT: "DECISION_DEADLINE",
  VERSION: "VERSION",
  PASSKEY_OTHER_ORIGIN: "PASSKEY_OTHER_ORIGIN",
  PASSKEY_INVALID: "PASSKEY_INVALID",
  PASSKEY_REQUIRED: "PASSKEY_REQUIRED",
  UNSPECIFIED: "SERVER_REFUSED",
};
