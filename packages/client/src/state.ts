/** The small whole state that screens show. */
import type { ClientState } from "./api.ts";
import { publicSelf } from "./account/create.ts";
import type { Connection } from "./connection/connection.ts";
import type { Core } from "./core.ts";
import type { DeviceAlerts } from "./devices/device-alerts.ts";
import type { History } from "./history/history.ts";

export function clientState(core: Core, connection: Connection, history: History, alerts: DeviceAlerts): ClientState {
  const { identity, store } = core;
  const self = identity.self();
  return {
    phase: identity.phase(),
    role: self?.role,
    self: self === undefined ? undefined : publicSelf(self),
    connection: connection.status(),
    history: history.status(),
    storage: core.ports.storage,
    revocation: identity.revocation(),
    unreadTotal: store.conversations.unreadTotal(),
    outboxCount: store.outbox.count(),
    settings: identity.settings(),
    gapSinceMs: identity.gapSinceMs(),
    notice: identity.notice(),
    deviceAlerts: self === undefined ? [] : alerts.open(),
    listConflict: self !== undefined && store.listConflicts.has(self.account),
  };
}
