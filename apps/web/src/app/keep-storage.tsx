/** Signed up, linked, moved here or restored: now there is something to lose, and the browser is asked to keep it. */
import { useEffect, useRef } from "react";
import { useClientState } from "./client-context.tsx";

export function KeepStorage(): null {
  const { phase } = useClientState();
  const before = useRef(phase);
  useEffect(() => {
    if (before.current !== "ready" && phase === "ready") void navigator.storage?.persist?.().catch(() => undefined);
    before.current = phase;
  }, [phase]);
  return null;
}
