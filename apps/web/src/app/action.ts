/** Something a person asked for that takes a moment: busy while it runs, its failure in words. */
import { useText, useToast } from "@hawser/ui";
import { useState } from "react";
import { codeOf, textOfError, waitOfError } from "./error-text.ts";
import { noteStorageFull } from "./storage-full.ts";

export interface Action {
  readonly busy: boolean;
  readonly error: string | undefined;
  /** The server named a time: not before then, by this device's clock. */
  readonly notBeforeMs: number | undefined;
  /** Resolves to whether it worked. */
  readonly run: (work: () => Promise<unknown>) => Promise<boolean>;
  readonly clear: () => void;
}

/** `inline` keeps the failure beside the control instead of in a toast. */
export function useAction(where: "inline" | "toast" = "toast"): Action {
  const text = useText();
  const toast = useToast();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const [notBeforeMs, setNotBeforeMs] = useState<number>();
  const run = async (work: () => Promise<unknown>): Promise<boolean> => {
    if (notBeforeMs !== undefined && Date.now() < notBeforeMs) return false;
    setBusy(true);
    setError(undefined);
    setNotBeforeMs(undefined);
    try {
      await work();
      return true;
    } catch (failure) {
      if (codeOf(failure) === "STORAGE_FULL") noteStorageFull(true);
      const words = textOfError(text, failure);
      const waitMs = waitOfError(failure);
      if (waitMs !== undefined) setNotBeforeMs(Date.now() + waitMs);
      if (where === "inline") setError(words);
      else toast({ text: words, tone: "bad" });
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, notBeforeMs, run, clear: () => setError(undefined) };
}
