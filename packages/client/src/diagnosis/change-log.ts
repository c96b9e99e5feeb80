/**
 * What changed around this device lately, for the question "since when, and what was different before?". Invariants: times, kinds and
 * seconds only, nothing of a person; bounded for each kind, so that a flapping network pushes nothing else out; a store that takes
 * nothing more loses a line here and disturbs nobody.
 */
import type { Clock } from "@hawser/base";
import { type Change, CHANGE_KINDS, type ChangeKind } from "@hawser/diagnosis";
import type { ClientState } from "../api.ts";
import { CLOCK_JUMP_MS, CONNECTION_LOST_AFTER_ATTEMPTS, MAX_CHANGES_PER_KIND } from "../bounds.ts";
import type { KeyValues } from "../store/kv.ts";

const CHANGES = "changes";
const SURROUNDINGS = "surroundings";

/** What this device ran on when it looked last. */
interface Surroundings {
  readonly version: string;
  readonly platform: string;
  readonly storage: string;
  readonly durable: boolean;
  /** The server's clock minus the own one; undefined until a first connection. */
  readonly clockOffsetMs?: number | undefined;
  /** What carried the last connection. */
  readonly transport?: string;
  readonly isNetworkLost?: boolean;
  readonly isConnectionLost?: boolean;
}

export interface ChangeLog {
  /** Compares with the last start; call once, at this one. */
  started(now: Pick<Surroundings, "version" | "platform" | "storage" | "durable">): void;
  seen(state: ClientState): void;
  hinted(hint: "online" | "offline" | "changed"): void;
  /** Oldest first. */
  all(): readonly Change[];
}

export function createChangeLog(kv: KeyValues, clock: Clock): ChangeLog {
  const all = (): readonly Change[] => {
    const kept = kv.getJson<readonly Change[]>(CHANGES);
    return Array.isArray(kept) ? kept.filter(({ kind }) => CHANGE_KINDS.includes(kind)) : [];
  };
  const surroundings = (): Partial<Surroundings> => kv.getJson<Surroundings>(SURROUNDINGS) ?? {};
  const attempt = (write: () => void): void => {
    try {
      write();
    } catch {
      // Full or damaged storage: others say so.
    }
  };
  const note = (kind: ChangeKind, amount?: number): void => {
    const entries = [...all(), { atMs: clock.nowMs(), kind, ...(amount === undefined ? {} : { amount }) }];
    const excess = entries.filter((entry) => entry.kind === kind).length - MAX_CHANGES_PER_KIND;
    if (excess > 0)
      entries.splice(
        entries.findIndex((entry) => entry.kind === kind),
        1,
      );
    kv.setJson(CHANGES, entries);
  };
  const remember = (change: Partial<Surroundings>): void => kv.setJson(SURROUNDINGS, { ...surroundings(), ...change });

  return {
    all,
    started: (now) =>
      attempt(() => {
        const before = surroundings();
        const isSame = (Object.keys(now) as (keyof typeof now)[]).every((name) => before[name] === now[name]);
        if (isSame) return;
        remember(now);
        if (before.version === undefined) return;
        if (before.version !== now.version) note("app-version");
        if (before.platform !== now.platform) note("platform");
        if (before.durable !== now.durable || before.storage !== now.storage)
          note(now.durable && before.durable !== true ? "storage-more-durable" : "storage-less-durable");
      }),
    hinted: (hint) =>
      attempt(() => {
        const { isNetworkLost = false } = surroundings();
        if (hint === "changed") return note("network");
        // "Online" is also a person's "try again": only after a loss it says that something came back.
        if (isNetworkLost === (hint === "offline")) return;
        remember({ isNetworkLost: hint === "offline" });
        note(hint === "offline" ? "network-lost" : "network-back");
      }),
    seen: ({ connection }) =>
      attempt(() => {
        const { isConnectionLost = false, clockOffsetMs, transport } = surroundings();
        if (connection.kind === "offline") {
          if (isConnectionLost || connection.attempt < CONNECTION_LOST_AFTER_ATTEMPTS) return;
          remember({ isConnectionLost: true });
          note(connection.error === "REPLACED_BY_SAME_DEVICE" ? "taken-over" : "connection-lost");
        }
        if (connection.kind !== "online") return;
        if (isConnectionLost) {
          remember({ isConnectionLost: false });
          note("connection-back");
        }
        if (transport !== connection.transport) {
          remember({ transport: connection.transport });
          if (transport !== undefined) note("transport");
        }
        const jumpMs = clockOffsetMs === undefined ? 0 : clockOffsetMs - connection.clockOffsetMs;
        if (clockOffsetMs !== undefined && Math.abs(jumpMs) < CLOCK_JUMP_MS) return;
        remember({ clockOffsetMs: connection.clockOffsetMs });
        if (clockOffsetMs !== undefined) note("clock-jump", Math.round(jumpMs / 1_000));
      }),
  };
}
