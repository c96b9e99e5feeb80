/**
 * What this device was given late it hands on to those it gave history to meanwhile. Invariants: whoever was served while something was
 * missing here (a gap, history on its way, a silent source that may have more, a line or shared state that could not be read) stays noted until nothing is missing;
 * what came late is owed in the transaction that stores it. docs/PROTOCOL.md, "Several sources".
 */
import { type DeviceNumber, toHex } from "@hawser/base";
import { ORDER_STEPS_PER_MS } from "../bounds.ts";
import type { Core } from "../core.ts";
import type { HistorySources } from "./source-driver.ts";

export interface HandingOn {
  /** A device is given history. */
  served(device: DeviceNumber): void;
  /** No source is waited for any more, but for silent ones. Inside a transaction. */
  settled(): void;
  /** A line that could not be read is what it should be. Inside its transaction. */
  lineFilled(order: number): void;
  /** So did shared state. Inside its transaction. */
  stateFilled(): void;
  /** Begins the jobs that are owed; on every connection, too. */
  handOn(): void;
}

interface Parts {
  readonly sources: Pick<HistorySources, "begin">;
  readonly listed: (device: number) => boolean;
  /** Something is on its way here, or a source that was silent is still asked how large its chats are. */
  readonly receiving: () => boolean;
  /** All shared state for a device. */
  readonly giveState: (device: DeviceNumber) => void;
}

/** The number of the job is drawn with the debt: a crash does not double it. */
type Owed = Readonly<Record<string, { readonly job: string; readonly afterMs: number; readonly state?: boolean }>>;
const OWED = "history-owed";

export function createHandingOn(core: Core, { sources, listed, receiving, giveState }: Parts): HandingOn {
  const { identity, store } = core;
  const { kv } = store;
  const isWhole = (): boolean => identity.gapSinceMs() === undefined && store.resends.countPending() === 0 && !receiving();

  const owe = (afterMs: number, state = false): void => {
    const owed: Record<string, Owed[string]> = { ...kv.getJson<Owed>(OWED) };
    for (const device of identity.served()) {
      const before = owed[device];
      owed[device] = {
        job: before?.job ?? toHex(core.ports.random.bytes(16)),
        afterMs: Math.min(afterMs, before?.afterMs ?? afterMs),
        state: state || before?.state === true,
      };
    }
    if (isWhole()) identity.forgetServed();
    if (Object.keys(owed).length === 0) return;
    kv.setJson(OWED, owed);
    // In a later tick: the machine's steps are no part of this transaction.
    void Promise.resolve().then(handOn);
  };
  const handOn = (): void => {
    const owed = kv.getJson<Owed>(OWED);
    if (owed === undefined || identity.phase() !== "ready") return;
    for (const [key, { job, afterMs, state }] of Object.entries(owed)) {
      const device = Number(key) as DeviceNumber;
      if (!listed(device)) continue;
      if (state === true) giveState(device);
      sources.begin(job, device, afterMs === 0 ? { kind: "all" } : { kind: "since", afterMs });
    }
    kv.delete(OWED);
  };

  return {
    served(device) {
      if (!isWhole()) identity.noteServed(device);
    },
    settled() {
      const hadGap = identity.gapSinceMs() !== undefined;
      identity.gapFilled();
      // Of all jobs that ended since, not of the last one alone.
      const hadNews = identity.takeNews();
      if (hadGap || hadNews) owe(0, true);
      else if (isWhole()) identity.forgetServed();
    },
    lineFilled: (order) => owe(Math.floor(order / ORDER_STEPS_PER_MS)),
    stateFilled: () => owe(Math.floor(core.timeMs()), true),
    handOn,
  };
}
