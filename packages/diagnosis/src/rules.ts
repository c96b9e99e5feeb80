/**
 * Which findings speak for which cause. A rule looks at facts only and knows nothing of the other rules; what follows when several
 * hold is `judge.ts`'s. `strength` is how often such facts have this cause and no other, as far as anyone can honestly say.
 */
import type { Cause } from "./causes.ts";
import type { Findings, ProbeName, ServerRole } from "./findings.ts";

export interface Support {
  readonly cause: Cause;
  readonly strength: number;
  readonly speaksFor: readonly ProbeName[];
  readonly speaksAgainst: readonly ProbeName[];
}

type Seen = Partial<Findings>;
type Rule = (seen: Seen) => Support | undefined;

const support = (cause: Cause, strength: number, speaksFor: readonly ProbeName[], speaksAgainst: readonly ProbeName[] = []): Support => ({
  cause,
  strength,
  speaksFor,
  speaksAgainst,
});

/** The server's own words arrived, unchanged and fresh or not. */
const answered = ({ http }: Seen): boolean => http?.kind === "answered" || http?.kind === "altered";
const isOpen = ({ tls }: Seen): boolean => tls === undefined || tls.kind === "trusted";
/** Someone on this machine reaches the server: whatever is wrong is not the way there. */
const neighbours = ({ others }: Seen): readonly ProbeName[] => (others?.kind === "online" ? ["others"] : []);
const reachesAnything = (seen: Seen): boolean => answered(seen) || seen.socket?.kind === "greeted" || seen.session?.kind === "online";

const CAUSE_OF_ROLE: Readonly<Record<ServerRole, Cause>> = {
  mailbox: "MESSAGES_DOWN",
  directory: "MESSAGES_DOWN",
  rendezvous: "LINKING_DOWN",
  prekeys: "KEYS_DOWN",
  blobs: "FILES_DOWN",
};
const WORST_FIRST: readonly ServerRole[] = ["mailbox", "directory", "prekeys", "rendezvous", "blobs"];

const server: readonly Rule[] = [
  ({ roles, session }) => {
    if (roles?.kind !== "down") return undefined;
    const worst = WORST_FIRST.find((role) => roles.roles.includes(role)) ?? "mailbox";
    const still = CAUSE_OF_ROLE[worst] === "MESSAGES_DOWN" && session?.kind === "online" ? (["session"] as const) : [];
    return support(CAUSE_OF_ROLE[worst], 0.98, ["roles"], still);
  },
  (seen) => (seen.tcp?.kind === "refused" ? support("SERVER_DOWN", 0.85, ["tcp"], neighbours(seen)) : undefined),
  (seen) =>
    seen.tcp?.kind === "connected" && isOpen(seen) && seen.http?.kind === "silent"
      ? support("SERVER_SILENT", seen.socket?.kind === "silent" ? 0.85 : 0.75, ["tcp", "http", "socket"], neighbours(seen))
      : undefined,
  ({ http }) => (http?.kind === "faulty" ? support("SERVER_FAULTY", 0.75, ["http"]) : undefined),
  ({ socket }) => (socket?.kind === "busy" ? support("SERVER_BUSY", 0.9, ["socket"]) : undefined),
  ({ session }) => (session?.kind === "forgotten" ? support("SERVER_FORGOT", 0.85, ["session"]) : undefined),
  // It greets, and then sends this device away, without a signed reason: its own trouble behind the door.
  ({ session }) => (session?.kind === "refused" ? support("SERVER_REFUSES", 0.8, ["session"]) : undefined),
  ({ version }) => (version?.kind === "server-old" ? support("SERVER_TOO_OLD", 0.95, ["version"]) : undefined),
];

const network: readonly Rule[] = [
  (seen) => {
    if (seen.network?.kind !== "offline" || reachesAnything(seen)) return undefined;
    const alone = seen.http === undefined && seen.tcp === undefined && seen.session === undefined;
    return support("NO_NETWORK", alone ? 0.8 : 0.95, ["network", "tcp", "http"], neighbours(seen));
  },
  (seen) =>
    seen.name?.kind === "not-found" || seen.name?.kind === "failed"
      ? support("NAME_NOT_FOUND", 0.85, ["name"], neighbours(seen))
      : undefined,
  (seen) => (seen.tcp?.kind === "unreachable" ? support("NO_ROUTE", 0.85, ["tcp"], neighbours(seen)) : undefined),
  (seen) => {
    if (seen.tls?.kind !== "untrusted" && seen.tls?.kind !== "other-name") return undefined;
    const expected = seen.tls.kind === "untrusted" && seen.tls.pinned;
    return support("INTERCEPTED", expected ? 0.85 : 0.7, ["tls"], neighbours(seen));
  },
  ({ http }) =>
    http?.kind === "redirected"
      ? support("LOGIN_PAGE", 0.9, ["http"])
      : http?.kind === "foreign"
        ? support("LOGIN_PAGE", 0.8, ["http"])
        : undefined,
  (seen) => {
    const { socket, session } = seen;
    if (!answered(seen) || socket === undefined || socket.kind === "greeted" || socket.kind === "busy") return undefined;
    return support(
      "SOCKET_BLOCKED",
      socket.kind === "stripped" ? 0.9 : 0.75,
      ["socket", "http"],
      session?.kind === "online" ? ["session"] : [],
    );
  },
  ({ http }) => (http?.kind === "altered" || http?.kind === "stale" ? support("ANSWERS_ALTERED", 0.65, ["http"]) : undefined),
];

const unclear: readonly Rule[] = [
  ({ device }) => (device?.kind === "conflict" ? support("LIST_CONFLICT", 0.9, ["device"]) : undefined),
  ({ tls }) => (tls?.kind === "dates" || tls?.kind === "failed" ? support("CERTIFICATE_DATES", 0.6, ["tls"]) : undefined),
  // A name that was found shows that the network works, and that is all it shows. A connection made earlier may outlive its way.
  (seen) => {
    const lost = seen.tcp?.kind === "silent" || seen.http?.kind === "failed" || seen.http?.kind === "silent";
    if (!lost || answered(seen) || seen.socket?.kind === "greeted") return undefined;
    return support("NO_ANSWER", 0.5, ["tcp", "http", "socket"], seen.session?.kind === "online" ? ["session"] : []);
  },
  (seen) =>
    seen.http === undefined && seen.tcp === undefined && seen.session?.kind === "offline"
      ? support("NO_ANSWER", 0.4, ["session"])
      : undefined,
];

const own: readonly Rule[] = [
  ({ device }) => (device?.kind === "revoked" ? support("DEVICE_REVOKED", 0.98, ["device"]) : undefined),
  ({ version }) => (version?.kind === "client-old" ? support("CLIENT_TOO_OLD", 0.95, ["version"]) : undefined),
  ({ storage }) => (storage?.kind === "damaged" ? support("STORAGE_DAMAGED", 0.95, ["storage"]) : undefined),
  // Lists are verified before they are stored: ones that do not verify were changed on this disk.
  ({ device }) => (device?.kind === "unlisted" ? support("STORAGE_DAMAGED", 0.75, ["device"]) : undefined),
  ({ storage }) => (storage?.kind === "lost" ? support("STORAGE_LOST", 0.95, ["storage"]) : undefined),
  ({ storage }) => (storage?.kind === "full" ? support("STORAGE_FULL", 0.9, ["storage"]) : undefined),
  ({ storage }) => (storage?.kind === "locked" ? support("PROFILE_LOCKED", 0.7, ["storage"]) : undefined),
  // Two clocks differ; that the server's is the wrong one is the less likely of the two, not impossible.
  ({ clock, session }) =>
    clock?.kind === "off" ? support("CLOCK_WRONG", 0.8, ["clock"], session?.kind === "online" ? ["session"] : []) : undefined,
  ({ storage }) =>
    storage?.kind === "fleeting" || storage?.kind === "private" ? support("STORAGE_FLEETING", 0.8, ["storage"]) : undefined,
];

export interface Supports {
  readonly server: readonly Support[];
  readonly network: readonly Support[];
  readonly unclear: readonly Support[];
  readonly own: readonly Support[];
}

/** Each side's candidates, strongest first. A fact that was not seen is struck from what is said to speak for a cause. */
export function weigh(seen: Seen): Supports {
  const of = (rules: readonly Rule[]): Support[] =>
    rules
      .flatMap((rule) => rule(seen) ?? [])
      .map((found) => ({ ...found, speaksFor: found.speaksFor.filter((name) => seen[name] !== undefined) }))
      .sort((one, other) => other.strength - one.strength);
  return { server: of(server), network: of(network), unclear: of(unclear), own: of(own) };
}

/**
 * Two findings of one run that cannot both hold of one way: somebody came, went, or lies. The later hop is named second.
 */
export function contradictions(seen: Seen): readonly (readonly [ProbeName, ProbeName])[] {
  const noConnection = seen.tcp !== undefined && seen.tcp.kind !== "connected";
  const found: (readonly [ProbeName, ProbeName])[] = [];
  if (seen.name !== undefined && seen.name.kind !== "found" && seen.tcp?.kind === "connected") found.push(["name", "tcp"]);
  if (noConnection && answered(seen)) found.push(["tcp", "http"]);
  if (noConnection && seen.socket?.kind === "greeted") found.push(["tcp", "socket"]);
  if (!answered(seen) && seen.http !== undefined && seen.http.kind !== "stale" && seen.socket?.kind === "greeted")
    found.push(["http", "socket"]);
  // "Held by others" is said of this moment; the engine's own connection may be older than the trouble.
  if (noConnection && seen.others?.kind === "online") found.push(["tcp", "others"]);
  return found;
}
