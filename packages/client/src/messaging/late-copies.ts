/**
 * Messages for devices that have no keys on the server yet. Such a device is left out, so that it holds nobody up; what it would have
 * missed waits here for its keys, under a number of its own, until it has them or leaves its list. Also for devices that a newer list
 * brought when the server may have taken the message for the older one: it takes a number once. Invariant: all of them together
 * are bounded, so that nobody fills a store by listing devices that never come. What only says "arrived" or "read" is not worth that.
 */
import { type DeviceAddress, newMessageId } from "@hawser/base";
import { MAX_LATE_COPIES, MAX_LATE_COPY_BYTES } from "../bounds.ts";
import type { Core } from "../core.ts";
import type { OutboxRow } from "../store/outbox.ts";

/** What is beyond the bound is not kept: the device learns from its account's other devices what it missed. */
export function keepForLater(core: Core, row: Pick<OutboxRow, "audience" | "content">, devices: readonly DeviceAddress[]): void {
  if (row.audience !== "conversation" && row.audience !== "own") return;
  const { outbox } = core.store;
  for (const address of devices) {
    if (outbox.hasCopyFor(address, row.content)) continue;
    const { count, bytes } = outbox.copies();
    if (count >= MAX_LATE_COPIES || bytes + row.content.length > MAX_LATE_COPY_BYTES) return core.log({ event: "late-copies-full", count });
    outbox.add({ messageId: newMessageId(core.timeMs(), core.ports.random), audience: "device", ...address, content: row.content });
  }
}
