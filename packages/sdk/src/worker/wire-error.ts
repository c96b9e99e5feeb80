/** Errors across a port: code, retry and message survive, stacks and causes do not. */
import { OperationalError } from "@hawser/base";
import type { WireError } from "./protocol.ts";

export function toWireError(error: unknown): WireError {
  if (error instanceof OperationalError) return { code: error.code, message: error.message, retry: error.retry };
  return { code: "INTERNAL", message: error instanceof Error ? error.message : "unknown error", retry: "never" };
}

export function fromWireError(error: WireError): OperationalError {
  return new OperationalError(error.code, { message: error.message, retry: error.retry });
}
