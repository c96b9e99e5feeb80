/**
 * What can be found out about one client's way to its server. Every finding is a word from a fixed list with numbers at most: nothing
 * that came from a person, from an account or from a server's answer fits into one, so nothing of the kind can reach a report.
 */
export const SERVER_ROLES = ["mailbox", "directory", "prekeys", "rendezvous", "blobs"] as const;
export type ServerRole = (typeof SERVER_ROLES)[number];

export interface Findings {
  /** What the system says of its own network; no packet leaves. */
  readonly network: { readonly kind: "online" | "offline" };
  /** The server's name, asked of the system's resolver. */
  readonly name: { readonly kind: "found" | "not-found" | "failed" };
  readonly tcp: { readonly kind: "connected" | "refused" | "unreachable" | "silent" };
  readonly tls:
    | { readonly kind: "trusted" | "other-name" | "dates" | "failed" }
    /** `pinned`: this profile was told which certificate to expect. */
    | { readonly kind: "untrusted"; readonly pinned: boolean };
  /** `/healthz` at the own server. */
  readonly http:
    | { readonly kind: "answered"; readonly tookMs: number }
    | { readonly kind: "silent" | "failed" | "redirected" }
    /** An answer that no Hawser server gives. `faulty`: one of 500 and above. */
    | { readonly kind: "foreign" | "faulty"; readonly status: number }
    /** Our server's words, but kept by somebody and given again, or without the headers it sends. */
    | { readonly kind: "stale" | "altered" };
  /** The WebSocket, up to the server's first frame. */
  readonly socket:
    | { readonly kind: "greeted" | "silent" | "failed" | "busy" }
    /** An HTTP answer came where the upgrade was asked for; 0 when the platform does not say which. */
    | { readonly kind: "stripped"; readonly status: number };
  readonly events: { readonly kind: "works" | "blocked" };
  readonly poll: { readonly kind: "works" | "blocked" };
  readonly roles: { readonly kind: "up" } | { readonly kind: "down"; readonly roles: readonly ServerRole[] };
  /** This device's clock against the server's: own minus theirs. */
  readonly clock: { readonly kind: "right" | "off"; readonly offsetMs: number };
  readonly version: { readonly kind: "fits" | "client-old" | "server-old" };
  /** `best-effort`: the browser may clear it when room runs short or nobody comes for days; it has not promised anything else. */
  readonly storage: { readonly kind: "lasting" | "best-effort" | "fleeting" | "private" | "full" | "damaged" | "lost" | "locked" };
  /** What the account's signed lists say of this device. */
  readonly device: { readonly kind: "member" | "none" | "revoked" | "conflict" | "unlisted" };
  /** The engine's own connection. `forgotten`: the server does not know this device, and shows no signed revocation. */
  readonly session: { readonly kind: "online" | "offline" | "refused" | "forgotten" };
  /** Other profiles or tabs of this machine at the same server. */
  readonly others: { readonly kind: "online" | "offline" };
  /** How many devices the server holds now, beside its usual. */
  readonly crowd: { readonly kind: "usual" | "fewer" | "far-fewer" };
  readonly links: { readonly kind: "failing"; readonly inARow: number };
}

export type ProbeName = keyof Findings;

/** In the order of the way: own machine first, then hop by hop. Screens and reports follow it. */
export const PROBES: readonly ProbeName[] = [
  "storage",
  "clock",
  "network",
  "name",
  "tcp",
  "tls",
  "http",
  "socket",
  "events",
  "poll",
  "roles",
  "version",
  "device",
  "session",
  "others",
  "crowd",
  "links",
];

/** `deadline`: no answer in time. `not-here`: this platform does not let a program see it, or there is nothing to see. */
export type MissingReason = "deadline" | "not-here" | "failed";

/** The name of one finding: the key of its text in a catalogue. */
export type Fact = { [Name in ProbeName]: `${Name}.${Findings[Name]["kind"]}` }[ProbeName];

export function factOf(name: ProbeName, findings: Partial<Findings>): Fact | undefined {
  const finding = findings[name];
  return finding === undefined ? undefined : (`${name}.${finding.kind}` as Fact);
}

export const CHANGE_KINDS = [
  "app-version",
  "platform",
  "network",
  "network-lost",
  "network-back",
  "clock-jump",
  "storage-less-durable",
  "storage-more-durable",
  "transport",
  "connection-lost",
  "connection-back",
  "taken-over",
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** One line of the device's own log. `amount`: seconds of a clock's jump. */
export interface Change {
  readonly atMs: number;
  readonly kind: ChangeKind;
  readonly amount?: number | undefined;
}

export interface Evidence {
  readonly startedAtMs: number;
  readonly tookMs: number;
  readonly findings: Partial<Findings>;
  readonly missing: Partial<Record<ProbeName, MissingReason>>;
  /** Oldest first. */
  readonly changes: readonly Change[];
}

/** Differences up to this are what clocks do, and the measurement's own error. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;
