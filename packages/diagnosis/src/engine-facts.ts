/** What a running client knows of itself, read as findings. The shape is the client's `ClientDiagnostics`; nothing else of it is used. */
import type { Findings } from "./findings.ts";

export interface EngineFacts {
  readonly phase: "empty" | "linking" | "ready" | "revoked";
  readonly connection: {
    readonly kind: "idle" | "connecting" | "online" | "offline" | "update-needed";
    readonly error?: string;
    readonly attempt?: number;
  };
  /** The newest own list names this device, with the keys it has, and the chain of lists verifies. */
  readonly listed: boolean;
  readonly listConflict: boolean;
  readonly storageIntact: boolean;
  readonly storage: { readonly kind: string; readonly durable: boolean };
  readonly linkFailuresInARow: number;
}

/** Another program with this device's keys is connected: a copy of this profile. */
const TAKEN_OVER = "REPLACED_BY_SAME_DEVICE";
const FORGOTTEN = new Set(["UNKNOWN_ACCOUNT", "UNKNOWN_DEVICE", "BAD_SIGNATURE"]);

export function readEngine(facts: EngineFacts): Partial<Findings> {
  const { phase, connection } = facts;
  return {
    device: {
      kind:
        phase === "revoked"
          ? "revoked"
          : phase !== "ready"
            ? "none"
            : facts.listConflict
              ? "conflict"
              : facts.listed
                ? "member"
                : "unlisted",
    },
    ...(isUndecided(connection) ? {} : { session: sessionOf(connection) }),
    ...(connection.error === "CLIENT_TOO_OLD" ? { version: { kind: "client-old" } as const } : {}),
    ...(connection.error === "SERVER_TOO_OLD" ? { version: { kind: "server-old" } as const } : {}),
    storage: { kind: storageOf(facts) },
    ...(facts.linkFailuresInARow > 1 ? { links: { kind: "failing", inARow: facts.linkFailuresInARow } as const } : {}),
  };
}

/** A first try under way says nothing, one after others that failed does. Too old a version, and another self, are findings of their own. */
const isUndecided = ({ kind, error, attempt = 1 }: EngineFacts["connection"]): boolean =>
  kind === "idle" || kind === "update-needed" || error === TAKEN_OVER || (kind === "connecting" && attempt <= 1);

function sessionOf({ kind, error }: EngineFacts["connection"]): Findings["session"] {
  if (kind === "online") return { kind: "online" };
  if (error !== undefined && FORGOTTEN.has(error)) return { kind: "forgotten" };
  return { kind: error === undefined || error === "UNREACHABLE" ? "offline" : "refused" };
}

function storageOf({ storageIntact, storage, connection }: EngineFacts): Findings["storage"]["kind"] {
  if (!storageIntact) return "damaged";
  if (connection.error === TAKEN_OVER) return "locked";
  if (storage.kind === "memory") return "fleeting";
  return storage.durable ? "lasting" : "private";
}
