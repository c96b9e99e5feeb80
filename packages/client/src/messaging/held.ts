/**
 * Deliveries of senders nobody can vouch for yet: a directory that fails, lags or lies must neither lose a message nor hold up those of
 * others. Invariants: a delivery is held in the transaction that moves the cursor past it; what cannot be held any more (too many, too
 * old) becomes an unreadable line, so that a loss shows; a device that left its account's list is never waited for.
 */
import { messageIdFromBytes } from "@hawser/base";
import type { Delivery } from "@hawser/wire";
import { HELD_RETRY_MS, MAX_HELD_BYTES, MAX_HELD_DELIVERIES, MAX_LOOKUPS_PER_RETRY, RESEND_KEPT_MS } from "../bounds.ts";
import type { DeviceLink } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import type { DeviceDirectory } from "../devices/directory.ts";
import { isJudged } from "../devices/sender-device.ts";
import { senderOf } from "./open.ts";
import type { Resends } from "./resend.ts";

export interface Held {
  /** A delivery of a device that stands in no list known here. Inside its transaction. */
  hold(delivery: Delivery): void;
  /** Hands over what can be read by now, in the order in which it came. Inside a transaction. */
  release(take: (delivery: Delivery) => void): void;
  /** On every connection, and now and then while something is held: asks the directory again. */
  retry(): void;
  stop(): void;
}

interface Parts {
  readonly link: DeviceLink;
  readonly directory: DeviceDirectory;
  readonly resends: Resends;
  /** Lists came: `release` can hand something over. */
  readonly wake: () => void;
}

export function createHeld(core: Core, { link, directory, resends, wake }: Parts): Held {
  const { heldDeliveries, lists, contacts } = core.store;
  let cancelTimer: (() => void) | undefined;
  let asking = false;

  const isKnown = (delivery: Delivery): boolean => isJudged(lists, senderOf(delivery));
  const setTimer = (): void => {
    cancelTimer?.();
    cancelTimer = core.ports.clock.after(HELD_RETRY_MS, retry);
  };
  const giveUp = (delivery: Delivery): void =>
    resends.ask(messageIdFromBytes(delivery.messageId), senderOf(delivery), delivery.serverTimeMs);

  const retry = (): void => {
    if (asking || core.identity.phase() !== "ready" || heldDeliveries.size().count === 0) return;
    asking = true;
    void ask().finally(() => {
      asking = false;
      if (link.online && core.identity.phase() === "ready" && heldDeliveries.size().count > 0) setTimer();
    });
  };
  const ask = async (): Promise<void> => {
    for (const account of heldDeliveries.accounts(MAX_LOOKUPS_PER_RETRY)) {
      if (!link.online || core.identity.phase() !== "ready") return;
      await directory
        .refresh(account)
        .catch((error: unknown) => core.log({ event: "held-lookup-failed", error: error instanceof Error ? error.name : "unknown" }));
    }
    if (core.identity.phase() === "ready") wake();
  };

  return {
    hold(delivery) {
      if (contacts.find(senderOf(delivery).account)?.blocked === 1) return core.log({ event: "delivery-refused", reason: "blocked" });
      const { count, bytes } = heldDeliveries.size();
      if (count >= MAX_HELD_DELIVERIES || bytes + delivery.body.length > MAX_HELD_BYTES) return giveUp(delivery);
      heldDeliveries.add(delivery);
      core.log({ event: "delivery-held", count: count + 1 });
      setTimer();
    },
    release(take) {
      const tooOldMs = core.timeMs() - RESEND_KEPT_MS;
      for (const { row, delivery } of heldDeliveries.list(MAX_HELD_DELIVERIES)) {
        const known = isKnown(delivery);
        if (!known && delivery.serverTimeMs >= tooOldMs) continue;
        heldDeliveries.delete(row);
        if (known) take(delivery);
        else giveUp(delivery);
      }
    },
    retry,
    stop() {
      cancelTimer?.();
    },
  };
}
