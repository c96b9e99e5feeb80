/**
 * Sessions with devices that left their account's list. Invariant: such a session stays as long as something that the device sent before may
 * still come and be read, and no longer. docs/PROTOCOL.md, "Content".
 */
import type { AccountId } from "@hawser/base";
import type { Core } from "../core.ts";
import { senderDevice } from "./sender-device.ts";

/** Accounts with such sessions. */
const LEFT = "left-sessions";

/** The account's list went on. Inside its transaction. */
export function forgetLeftSessions({ store, identity }: Core, account: AccountId): void {
  const { sessions, lists, kv } = store;
  // Deliveries come in the server's order: nothing that is older comes behind this one.
  const heardAtMs = identity.mailbox().committedAtMs ?? 0;
  const present = new Set<number>(lists.latest(account)?.list.devices.map(({ number }) => number));
  let stays = false;
  for (const device of sessions.devicesWithSession(account)) {
    if (present.has(device)) continue;
    if (senderDevice(lists, { account, device }, heardAtMs) === undefined) sessions.delete({ account, device });
    else stays = true;
  }
  const others = (kv.getJson<AccountId[]>(LEFT) ?? []).filter((other) => other !== account);
  const next = stays ? [...others, account] : others;
  if (next.length === 0) kv.delete(LEFT);
  else kv.setJson(LEFT, next);
}

/** On every connection: time has passed. */
export function sweepLeftSessions(core: Core): void {
  const accounts = core.store.kv.getJson<AccountId[]>(LEFT) ?? [];
  if (accounts.length > 0) core.store.atomically(() => accounts.forEach((account) => forgetLeftSessions(core, account)));
}
