/** What both screens show of a link, and why it failed. Part of the client's public surface. */
import type { AttemptId } from "@hawser/base";
import type { NewDeviceKind, PasskeyRequest } from "./link-jobs.ts";
import type { WaitingPlace } from "./waiting-place.ts";

/** The stages of a link, shown alike on both screens. */
export type LinkStage =
  | "preparing"
  | "waiting-for-scan"
  | "scanned"
  | "comparing"
  | "approving"
  | "activating"
  | "active"
  | "paused"
  | "failed";

export type PasskeyCheck = "awaited" | "missing" | "verified";

export interface LinkPeer {
  readonly name: string;
  readonly platform: string;
  readonly origin: string;
  /** What it wants to be; only shown by a phone. */
  readonly kind?: NewDeviceKind;
}

export interface LinkStatus {
  readonly stage: LinkStage;
  readonly attempt: AttemptId | undefined;
  /** Companion: what the QR code holds now. */
  readonly uri: string | undefined;
  /** Companion, when asked for: the letters that say the same to a phone without a camera, e.g. "7K3M-P0QX". */
  readonly typedCode: string | undefined;
  /** When the stage ends by itself; a device's own clock. */
  readonly deadlineMs: number | undefined;
  /** Six digits in two groups of three, e.g. "123 456". */
  readonly matchCode: string | undefined;
  /** The other side, as it describes itself. */
  readonly peer: LinkPeer | undefined;
  /** `retryAtMs`: not before then, by the device's own clock. `toldByOther`: it happened on the other side, which said so. */
  readonly error:
    | { readonly name: LinkErrorName; readonly canRetry: boolean; readonly retryAtMs?: number; readonly toldByOther?: boolean }
    | undefined;
  /** While the link waits for its turn on a busy server. */
  readonly queue?: WaitingPlace | undefined;
  /** Companion: the account asks for one of its passkeys; answered by `answerLinkPasskey`. */
  readonly passkeyRequest?: PasskeyRequest | undefined;
  /** Phone, where the account has passkeys: what the other side has shown. Unless `verified`, an approval needs the six digits typed. */
  readonly passkeyCheck?: { readonly state: PasskeyCheck; readonly required: boolean } | undefined;
  /** Phone: the account has as many companions as it may have. An approval has to name one that leaves, or one that is given back. */
  readonly needsRemoval?: boolean;
  /** Attempts that failed one after another; from two on the screen stops asking for codes and explains. */
  readonly failuresInARow: number;
}

/** Why a link failed: the whole registry; the catalogue of outcomes is made of it. Append only. */
export const LINK_ERROR_NAMES = [
  "CODE_MALFORMED",
  "CODE_OTHER_ORIGIN",
  "CODE_EXPIRED",
  /** No screen shows these letters, or not all of them are right. */
  "CODE_WRONG",
  "CODE_UNSUPPORTED",
  "CODE_ALREADY_USED",
  "SCAN_DEADLINE",
  "REQUEST_DEADLINE",
  "DECISION_DEADLINE",
  "ACTIVATION_DEADLINE",
  "DECLINED",
  "DEVICE_LIMIT",
  "CHANNEL_TAMPERED",
  "LIST_INVALID",
  "VERSION",
  "CANCELLED",
  "SERVER_UNREACHABLE",
  "SERVER_REFUSED",
  /** More links wait than the server lets wait. */
  "ADMISSION_FULL",
  "RATE_LIMITED",
  /** The passkey was used on a page that is not ours: a fake login page. */
  "PASSKEY_OTHER_ORIGIN",
  "PASSKEY_INVALID",
  /** The account links only with a passkey, and the new device has none. */
  "PASSKEY_REQUIRED",
  /** The account's chain of device lists is as long as it may be: devices can only be removed. */
  "LIST_CHAIN_FULL",
] as const;
export type LinkErrorName = (typeof LINK_ERROR_NAMES)[number];

/** From so many failures in a row on, no new code is made until a person has dismissed the diagnosis (`cancel`). */
export const FAILURES_BEFORE_DIAGNOSIS = 2;

/** A person's own "no" is no failure of the system, nor is a crowd. */
export const countsAsFailure = (name: LinkErrorName): boolean =>
  name !== "DECLINED" && name !== "CANCELLED" && name !== "ADMISSION_FULL" && name !== "RATE_LIMITED";

/** Whether the same thing, done again, can end differently. */
export const canRetry = (name: LinkErrorName): boolean =>
  name !== "CODE_OTHER_ORIGIN" &&
  name !== "CODE_UNSUPPORTED" &&
  name !== "VERSION" &&
  name !== "DEVICE_LIMIT" &&
  name !== "LIST_CHAIN_FULL" &&
  name !== "PASSKEY_OTHER_ORIGIN";

export const errorShown = (name: LinkErrorName | undefined, retryAtMs: number, toldByOther: boolean): LinkStatus["error"] =>
  name === undefined
    ? undefined
    : { name, canRetry: canRetry(name), ...(retryAtMs === 0 ? {} : { retryAtMs }), ...(toldByOther ? { toldByOther } : {}) };

/** What another program calls its failure, read by this one. */
export const readErrorName = (name: string): LinkErrorName => LINK_ERROR_NAMES.find((known) => known === name) ?? "SERVER_REFUSED";

export const groupDigits = (digits: string): string => `${digits.slice(0, 3)} ${digits.slice(3)}`;
