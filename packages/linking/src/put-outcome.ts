/** What the server's answer to a rendezvous write or watch means for a link. */
import { errorClass, ERROR_CODES, type ErrorName } from "@hawser/wire";
import type { PutOutcome } from "./link-effects.ts";
import type { LinkErrorName } from "./link-status.ts";

export const PUT_RETRY_MS = 2_000;
/** Longer than this nobody looks at a screen that says nothing: the person is told when to try again. */
const MAX_SILENT_RETRY_MS = 30_000;

export type PutVerdict =
  | { readonly kind: "done" }
  | { readonly kind: "retry"; readonly afterMs: number }
  /** `retryAfterMs`: not before then; 0 when the server named no time. */
  | { readonly kind: "refused"; readonly error: LinkErrorName; readonly retryAfterMs: number };

export function judgePut(result: PutOutcome): PutVerdict {
  if (result.ok) return { kind: "done" };
  if (result.error === "UNREACHABLE") return { kind: "retry", afterMs: PUT_RETRY_MS };
  const { retryAfterMs } = result;
  const isLong = result.error === "RATE_LIMITED" && retryAfterMs > MAX_SILENT_RETRY_MS;
  const error = result.error === "ADMISSION_FULL" || isLong ? (result.error as LinkErrorName) : refusal(result.error);
  if (error === undefined) return { kind: "retry", afterMs: Math.max(PUT_RETRY_MS, retryAfterMs) };
  return { kind: "refused", error, retryAfterMs };
}

/** The link's error behind a server error; `undefined` when trying again may help. */
export function refusal(name: ErrorName): LinkErrorName | undefined {
  if (name === "RENDEZVOUS_EXPIRED") return "CODE_EXPIRED";
  if (name === "RENDEZVOUS_CONFLICT") return "CODE_ALREADY_USED";
  return errorClass(ERROR_CODES[name].code) === "retry" ? undefined : "SERVER_REFUSED";
}
