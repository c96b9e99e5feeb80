/** What every part of the client shares. It holds no logic: parts take it as their first argument. */
import type { PairContext, PairEngine } from "@hawser/crypto";
import type { IdentityStore } from "./account/identity.ts";
import type { Notifier } from "./notifier.ts";
import type { OutcomeObserver } from "./outcomes/observer.ts";
import type { ClientPorts, LogEvent } from "./ports.ts";
import type { Store } from "./store/store.ts";

export interface Core {
  readonly ports: ClientPorts;
  readonly store: Store;
  readonly identity: IdentityStore;
  readonly pair: PairEngine;
  readonly notify: Notifier;
  /** The device's clock corrected by the server's, as far as it is known. */
  timeMs(): number;
  pairContext(): PairContext;
  log(event: LogEvent): void;
  /** Sees how attempts end; nobody asks it anything. */
  readonly observe: OutcomeObserver;
}
