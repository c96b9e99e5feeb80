/**
 * What a server says of itself at `/healthz`, read as findings. Whoever stands in between can answer too: a body is the server's only if
 * it repeats the probe's fresh number. docs/OPERATIONS.md, "Health".
 */
import { PROTOCOL_MAX, PROTOCOL_MIN } from "@hawser/wire";
import { CLOCK_TOLERANCE_MS, type Findings, SERVER_ROLES, type ServerRole } from "./findings.ts";

export interface HealthAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly tookMs: number;
  /** Own clock when the answer was there. */
  readonly receivedAtMs: number;
}

export const MAX_HEALTH_BYTES = 16_384;
const FAULTY_FROM = 500;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** What the server puts on each of its answers; a proxy that strips or replaces it changes more than that. */
const OWN_HEADER = ["x-content-type-options", "nosniff"] as const;

type HealthFindings = Pick<Findings, "http"> & Partial<Pick<Findings, "roles" | "clock" | "version" | "crowd">>;

export function readHealth(answer: HealthAnswer, challenge: string): HealthFindings {
  const { status, headers, tookMs } = answer;
  if (REDIRECTS.has(status)) return { http: { kind: "redirected" } };
  const body = parseBody(answer.body);
  if (body === undefined) return { http: { kind: status >= FAULTY_FROM ? "faulty" : "foreign", status } };
  // An older server repeats nothing: then freshness cannot be told, and is not doubted.
  if (body["probe"] !== undefined && body["probe"] !== challenge) return { http: { kind: "stale" } };
  const altered = headers[OWN_HEADER[0]] !== OWN_HEADER[1];
  return {
    http: altered ? { kind: "altered" } : { kind: "answered", tookMs: Math.round(tookMs) },
    roles: rolesOf(body["roles"]),
    ...clockOf(body["timeMs"], answer),
    ...versionOf(body["protocol"]),
    ...crowdOf(body["crowd"]),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function parseBody(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const fields = value as Fields;
    return typeof fields["status"] === "string" && typeof fields["roles"] === "object" && fields["roles"] !== null ? fields : undefined;
  } catch {
    return undefined;
  }
}

function rolesOf(value: unknown): Findings["roles"] {
  const states = value as Readonly<Record<string, unknown>>;
  const down: ServerRole[] = SERVER_ROLES.filter((role) => states[role] !== undefined && states[role] !== "up");
  return down.length === 0 ? { kind: "up" } : { kind: "down", roles: down };
}

/** The server's time was taken somewhere between request and answer: half the time is the best guess, all of it the error. */
function clockOf(timeMs: unknown, { receivedAtMs, tookMs }: HealthAnswer): Partial<Pick<Findings, "clock">> {
  if (typeof timeMs !== "number" || !Number.isFinite(timeMs)) return {};
  const offsetMs = Math.round(receivedAtMs - tookMs / 2 - timeMs);
  return { clock: { kind: Math.abs(offsetMs) > CLOCK_TOLERANCE_MS ? "off" : "right", offsetMs } };
}

function versionOf(value: unknown): Partial<Pick<Findings, "version">> {
  const { min, max } = (value ?? {}) as { min?: unknown; max?: unknown };
  return typeof min === "number" && typeof max === "number" ? { version: versionFinding(min, max) } : {};
}

/** The protocols that a server speaks, beside ours. */
export const versionFinding = (serverMin: number, serverMax: number): Findings["version"] => ({
  kind: serverMin > PROTOCOL_MAX ? "client-old" : serverMax < PROTOCOL_MIN ? "server-old" : "fits",
});

function crowdOf(value: unknown): Partial<Pick<Findings, "crowd">> {
  return value === "usual" || value === "fewer" || value === "far-fewer" ? { crowd: { kind: value } } : {};
}
