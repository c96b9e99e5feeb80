/**
 * A new device whose first prekeys came late to the server. Who wrote meanwhile keeps a copy for it and sends it when there are keys; a
 * sender that leaves before has not. Invariant: such a device asks its own devices for what was written since it was added, once, after
 * everybody who took it for a device without keys has had time to ask again. docs/PROTOCOL.md, "Content".
 */
import { KEYLESS_FOR_MS, LATE_KEYS_AFTER_MS } from "../bounds.ts";
import type { Core } from "../core.ts";
import { createLookAgain, type LookAgain } from "../look-again.ts";
import { deviceOf } from "./directory.ts";

const SAVED = "keys-late";
const ASK_AFTER_MS = 2 * KEYLESS_FOR_MS;

/** Until it was asked. A release before kept `sinceMs` alone. */
type Saved = { readonly sinceMs: number; readonly askAtMs: number } | number;

/** Nothing of this device was on the server before. Inside the transaction that says that its first keys are. */
export function noteFirstKeys({ store, identity, timeMs }: Core): void {
  const { account, device } = identity.requireSelf();
  const nowMs = timeMs();
  const sinceMs = Number(deviceOf(store.lists.latest(account), device)?.addedAtMs ?? nowMs);
  if (nowMs - sinceMs >= LATE_KEYS_AFTER_MS) store.kv.setJson(SAVED, { sinceMs, askAtMs: nowMs + ASK_AFTER_MS } satisfies Saved);
}

/** To be looked at after an upload too. `ask` is called inside a transaction. */
export const createLateKeys = ({ store, ports, timeMs }: Core, isOnline: () => boolean, ask: (afterMs: number) => void): LookAgain =>
  createLookAgain(ports.clock, () => {
    const saved = store.kv.getJson<Saved>(SAVED);
    if (saved === undefined) return Promise.resolve(undefined);
    const { sinceMs, askAtMs } = typeof saved === "number" ? { sinceMs: saved, askAtMs: 0 } : saved;
    const leftMs = Math.min(ASK_AFTER_MS, askAtMs - timeMs());
    if (leftMs > 0) return Promise.resolve(leftMs);
    if (isOnline())
      store.atomically(() => {
        store.kv.delete(SAVED);
        ask(sinceMs);
      });
    return Promise.resolve(undefined);
  });
