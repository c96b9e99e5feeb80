/** Which face an address asks for, and what it wants done there. */
import type { Face } from "./remembered.ts";

export type Intent = { readonly kind: "link" | "link-me" | "add"; readonly text: string };

export interface Destination {
  readonly face: Face;
  readonly intent: Intent | undefined;
}

/** The diagnosis works without the app, so it has an address of its own. */
export const DIAGNOSIS_PATH = "/diagnosis";
export const diagnosisAddress = (face: Face): string => `${DIAGNOSIS_PATH}?face=${face}`;

/**
 * `/phone` is the phone, `/` the companion. Codes (`/link#…`, `/add#…`) go to the phone, except that `/add` stays with a
 * browser that is only a companion. `/link-me#…` is a phone's own code: for a companion to answer. An installed app opens `/` and goes where its account is.
 */
export function destination(url: URL, settled: { readonly phone: boolean; readonly companion: boolean }): Destination {
  const path = url.pathname.replace(/\/+$/, "");
  if (path === "/link") return { face: "phone", intent: { kind: "link", text: url.href } };
  if (path === "/link-me") return { face: "companion", intent: { kind: "link-me", text: url.href } };
  if (path === "/add")
    return { face: settled.companion && !settled.phone ? "companion" : "phone", intent: { kind: "add", text: url.href } };
  if (path === "/phone" || path.startsWith("/phone/")) return { face: "phone", intent: undefined };
  if (path === DIAGNOSIS_PATH && url.searchParams.get("face") === "phone") return { face: "phone", intent: undefined };
  return {
    face: settled.phone && !settled.companion && url.searchParams.get("face") !== "companion" ? "phone" : "companion",
    intent: undefined,
  };
}
