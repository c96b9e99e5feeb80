/** What the server's answer to a rendezvous write or watch means for a link. */
import { errorClass, ERROR_CODES, type ErrorName } from "@hawser/wire";
import type { PutOutcome } from "./link-effects.ts";
import type { LinkErrorName } from "./link-status.ts";

export const PUT_RETRY_MS = 2_000;
const MAX_PUT_RETRY_MS = 30_000;

export type PutVerdict =
  | { readonly kind: "done" }
  | { readonly kind: "retry"; readonly afterMs: number }
  | { readonly kind: "refused"; readonly error: LinkErrorName };

export function judgePut(result: PutOutcome): PutVerdict {
  if (result.ok) return { kind: "done" };
  if (result.error === "UNREACHABLE") return { kind: "retry", afterMs: PUT_RETRY_MS };
  const error = refusal(result.error);
  if (error === undefined) return { kind: "retry", afterMs: Math.min(MAX_PUT_RETRY_MS, Math.max(PUT_RETRY_MS, result.retryAfterMs)) };
  return { kind: "refused", error };
}

/** The link's error behind a server error; `undefined` when trying again may help. */
export function refusal(name: ErrorName): LinkErrorName | undefined {
  if (name === "RENDEZVOUS_EXPIRED") return "CODE_EXPIRED";
  if (name === "RENDEZVOUS_CONFLICT") return "CODE_ALREADY_USED";
  return errorClass(ERROR_CODES[name].code) === "retry" ? undefined : "SERVER_REFUSED";
}
