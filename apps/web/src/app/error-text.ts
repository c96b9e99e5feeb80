/** Codes become words only here: what happened, whose side it is, what to do. */
import type { Text } from "@hawser/ui";

export function errorText(text: Text, code: string): string {
  return text.maybe(`error.${code}`) ?? text.t("error.unknown", { code });
}

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : "INTERNAL";
}

export const textOfError = (text: Text, error: unknown): string => errorText(text, codeOf(error));

/** How long the server asks a person to wait; `undefined` when it names no time. */
export function waitOfError(error: unknown): number | undefined {
  const retry = (error as { retry?: unknown } | undefined)?.retry;
  const waitMs = (retry as { afterMs?: unknown } | undefined)?.afterMs;
  const isLimit = ["RATE_LIMITED", "ADMISSION_FULL"].includes(codeOf(error));
  return isLimit && typeof waitMs === "number" && waitMs > 0 ? waitMs : undefined;
}
