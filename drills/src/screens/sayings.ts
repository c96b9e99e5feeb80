/** What the app writes about a state, word for word from its English catalogue. */
import { messages } from "@hawser/ui/catalogues/en/index";
import type { ClientState, LinkStatus } from "@hawser/client";

export interface Saying {
  /** The error or state behind the words. */
  readonly code: string;
  readonly text: string;
}

const TEXTS: Readonly<Record<string, unknown>> = messages;
const wordsFor = (code: string): string => {
  const text = TEXTS[`error.${code}`];
  return typeof text === "string" ? text : code;
};

/** The connection banner. */
export function connectionSaying({ phase, connection, listConflict, revocation }: ClientState): Saying | undefined {
  if (phase === "revoked") return { code: "REVOKED", text: `${messages["revoked.title"]} (${revocation?.reason ?? "no reason"})` };
  if (connection.kind === "update-needed")
    return { code: connection.error, text: `${messages["update.needed"]} ${wordsFor(connection.error)}` };
  if (listConflict) return { code: "LIST_CONFLICT", text: messages["account.listConflict"] };
  if (connection.kind !== "offline") return undefined;
  return { code: connection.error, text: `${messages["connection.offline"]} ${wordsFor(connection.error)}` };
}

/** The page of a link, on either side. */
export function linkSaying({ stage, error }: LinkStatus): Saying | undefined {
  return stage === "failed" && error !== undefined ? { code: error.name, text: wordsFor(error.name) } : undefined;
}
