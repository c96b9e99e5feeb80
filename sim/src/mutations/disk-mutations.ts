/** Planted bugs around disks that keep what they are told to keep, and no more. */
import type { salvageStore } from "@hawser/client";
import type { BlockSync } from "@hawser/relay";
import type { cutOff } from "@hawser/server/ops/cut-off";

/** What was committed counts as durable: nobody has it synced. */
export const unsyncedIsDurable = (sync: BlockSync): BlockSync => ({
  start: (done) => queueMicrotask(() => done(undefined)),
  now: () => sync.now(),
});

/** What was committed counts as flushed. */
export const committedIsFlushed = (): (() => Promise<void>) => () => Promise.resolve();

/** A rebuilt store is taken for a whole one: nobody asks for what it lacks. */
export const salvagedIsWhole =
  (salvage: typeof salvageStore): typeof salvageStore =>
  (from, to) => {
    const moved = salvage(from, to);
    to.prepare("DELETE FROM kv WHERE key = 'salvaged'").run();
    return moved;
  };

/** A server that was put back goes on as if it had never been away. */
export const nothingCutOff = (): typeof cutOff => () => undefined;
