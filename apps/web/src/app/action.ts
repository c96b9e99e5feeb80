/** Something a person asked for that takes a moment: busy while it runs, its failure in words. */
import { useText, useToast } from "@hawser/ui";
import { useState } from "react";
import { textOfError } from "./error-text.ts";

export interface Action {
  readonly busy: boolean;
  readonly error: string | undefined;
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
  const run = async (work: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setError(undefined);
    try {
      await work();
      return true;
    } catch (failure) {
      const words = textOfError(text, failure);
      if (where === "inline") setError(words);
      else toast({ text: words, tone: "bad" });
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run, clear: () => setError(undefined) };
}
