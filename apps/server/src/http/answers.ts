/** Errors over HTTP: a code of the registry, and how long to wait. */
import { OperationalError } from "@hawser/base";
import { ERROR_CODES, type ErrorName } from "@hawser/wire";
import type { FastifyReply } from "fastify";

const STATUS: Partial<Record<ErrorName, number>> = {
  RATE_LIMITED: 429,
  OVERLOADED: 503,
  STORE_UNAVAILABLE: 503,
  SHUTTING_DOWN: 503,
  INTERNAL: 500,
  LIMIT_EXCEEDED: 413,
  MALFORMED_FIELD: 400,
  BLOB_UNKNOWN: 404,
  BLOB_MISMATCH: 422,
  BLOB_TICKET_INVALID: 401,
  QUOTA_EXCEEDED: 413,
};

export function sendError(reply: FastifyReply, name: ErrorName, retryAfterMs?: number): FastifyReply {
  void reply.code(STATUS[name] ?? 500).header("cache-control", "no-store");
  if (retryAfterMs !== undefined) void reply.header("retry-after", String(Math.max(1, Math.ceil(retryAfterMs / 1_000))));
  return reply.send({ error: ERROR_CODES[name].code, ...(retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) }) });
}

/** What a thrown error is called on the wire. */
export function errorNameOf(error: unknown): { readonly name: ErrorName; readonly retryAfterMs: number } {
  const retryAfterMs = error instanceof OperationalError && typeof error.retry === "object" ? error.retry.afterMs : 2_000;
  if (error instanceof OperationalError && error.code in ERROR_CODES) return { name: error.code as ErrorName, retryAfterMs };
  const { code } = (error ?? {}) as { code?: unknown };
  const isStore = typeof code === "string" && /SQLITE|^E(NOSPC|IO|ROFS|MFILE|NFILE|DQUOT)$/.test(code);
  return { name: isStore ? "STORE_UNAVAILABLE" : "INTERNAL", retryAfterMs };
}
