/**
 * Message keys of messages that have not come yet, packed as counter ‖ seed. Invariant: within one chain the counters
 * ascend, and all chains of a session together hold `MAX_SKIPPED_KEYS` at most.
 */
import { type Bytes, concat } from "@hawser/base";
import { MAX_SKIPPED_KEYS, type ReceiveChain, SKIPPED_ENTRY_SIZE_BYTES } from "./session-state.ts";

export const skippedCount = (packed: Bytes): number => packed.length / SKIPPED_ENTRY_SIZE_BYTES;

export function packSkipped(counter: number, seed: Bytes): Bytes {
  const entry = new Uint8Array(SKIPPED_ENTRY_SIZE_BYTES);
  new DataView(entry.buffer).setUint32(0, counter);
  entry.set(seed, 4);
  return entry;
}

/** The seed for `counter`, or `undefined` when it was used or dropped. */
export function skippedSeed(packed: Bytes, counter: number): Bytes | undefined {
  const at = find(packed, counter);
  return at < 0 ? undefined : packed.slice(at + 4, at + SKIPPED_ENTRY_SIZE_BYTES);
}

export function removeSkipped(packed: Bytes, counter: number): Bytes {
  const at = find(packed, counter);
  return at < 0 ? packed : concat(packed.subarray(0, at), packed.subarray(at + SKIPPED_ENTRY_SIZE_BYTES));
}

/** Drops the oldest keys, oldest chain first, until the bound holds. Changes the chains in place. */
export function trimSkipped(chains: readonly ReceiveChain[]): void {
  let excess = -MAX_SKIPPED_KEYS;
  for (const chain of chains) excess += skippedCount(chain.skipped);
  for (const chain of chains) {
    if (excess <= 0) return;
    const dropped = Math.min(excess, skippedCount(chain.skipped));
    chain.skipped = chain.skipped.slice(dropped * SKIPPED_ENTRY_SIZE_BYTES);
    excess -= dropped;
  }
}

function find(packed: Bytes, counter: number): number {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  for (let at = 0; at < packed.length; at += SKIPPED_ENTRY_SIZE_BYTES) if (view.getUint32(at) === counter) return at;
  return -1;
}
