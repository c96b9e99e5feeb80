/** The engine's worker, loading. It opens nothing until it is told whose profile it is: one started too many is ended without a trace. */
import type { Face } from "../entry/remembered.ts";

export interface StartedWorker {
  readonly worker: Worker;
  /** Resolves when its script cannot be loaded or fails. */
  readonly broken: Promise<void>;
}

export function startWorker(face: Face): StartedWorker {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: `hawser-${face}` });
  return { worker, broken: new Promise((resolve) => worker.addEventListener("error", () => resolve())) };
}
