/**
 * A new device whose first prekeys came late to the server. Who wrote meanwhile keeps a copy for it and sends it when there are keys; a
 * sender that leaves before has not. Invariant: such a device asks its own devices for what was written since it was added, once, after
 * everybody who took it for a device without keys has had time to ask again. docs/PROTOCOL.md, "Content".
 */
import { KEYLESS_FOR_MS, LATE_KEYS_AFTER_MS } from "../bounds.ts";
import type { Core } from "../core.ts";
import { deviceOf } from "./directory.ts";

/** In kv, until it was asked: since when something may be missing, ms. */
const SAVED = "keys-late";
const ASK_AFTER_MS = 2 * KEYLESS_FOR_MS;

/** Nothing of this device was on the server before. Inside the transaction that says that its first keys are. */
export function noteFirstKeys({ store, identity, timeMs }: Core): void {
  const { account, device } = identity.requireSelf();
  const addedAtMs = Number(deviceOf(store.lists.latest(account), device)?.addedAtMs ?? timeMs());
  if (timeMs() - addedAtMs >= LATE_KEYS_AFTER_MS) store.kv.setJson(SAVED, addedAtMs);
}

/** After an upload and on every connection. `ask` is called inside a transaction. */
export function askAfterLateKeys({ store, ports }: Core, isOnline: () => boolean, ask: (afterMs: number) => void): void {
  if (store.kv.getJson<number>(SAVED) === undefined) return;
  ports.clock.after(ASK_AFTER_MS, () => {
    if (!isOnline()) return;
    store.atomically(() => {
      const afterMs = store.kv.getJson<number>(SAVED);
      if (afterMs === undefined) return;
      store.kv.delete(SAVED);
      ask(afterMs);
    });
  });
}
