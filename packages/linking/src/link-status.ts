/** What both screens show of a link, and why it failed. Part of the client's public surface. */
import type { AttemptId } from "@hawser/base";

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

export interface LinkPeer {
  readonly name: string;
  readonly platform: string;
  readonly origin: string;
}

export interface LinkStatus {
  readonly stage: LinkStage;
  readonly attempt: AttemptId | undefined;
  /** Companion: what the QR code holds now. */
  readonly uri: string | undefined;
  /** When the stage ends by itself; a device's own clock. */
  readonly deadlineMs: number | undefined;
  /** Six digits in two groups of three, e.g. "123 456". */
  readonly matchCode: string | undefined;
  /** The other side, as it describes itself. */
  readonly peer: LinkPeer | undefined;
  readonly error: { readonly name: LinkErrorName; readonly canRetry: boolean } | undefined;
  /** Attempts that failed one after another; from two on the screen stops asking for codes and explains. */
  readonly failuresInARow: number;
}

/** Why a link failed: the whole registry; the catalogue of outcomes is made of it. Append only. */
export const LINK_ERROR_NAMES = [
  "CODE_MALFORMED",
  "CODE_OTHER_ORIGIN",
  "CODE_EXPIRED",
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
] as const;
export type LinkErrorName = (typeof LINK_ERROR_NAMES)[number];

/** From so many failures in a row on, no new code is made until a person has dismissed the diagnosis (`cancel`). */
export const FAILURES_BEFORE_DIAGNOSIS = 2;

/** A person's own "no" is no failure of the system. */
export const countsAsFailure = (name: LinkErrorName): boolean => name !== "DECLINED" && name !== "CANCELLED";

/** Whether the same thing, done again, can end differently. */
export const canRetry = (name: LinkErrorName): boolean =>
  name !== "CODE_OTHER_ORIGIN" && name !== "CODE_UNSUPPORTED" && name !== "VERSION" && name !== "DEVICE_LIMIT";

export const groupDigits = (digits: string): string => `${digits.slice(0, 3)} ${digits.slice(3)}`;
