/**
 * Whether the browser refused to keep something for want of room. Only a refusal tells: what browsers estimate as their room is a
 * constant by now. It is over when a message could be kept again.
 */
import { useSyncExternalStore } from "react";

let isFull = false;
const listeners = new Set<() => void>();

export function noteStorageFull(now: boolean): void {
  if (now === isFull) return;
  isFull = now;
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useStorageFull = (): boolean => useSyncExternalStore(subscribe, () => isFull);
