/**
 * The engine's worker, loaded ahead: where an account is known, its script comes while the app's own is still on its way. It
 * does nothing until it is told to start, which only the leading tab does.
 */
import type { Face } from "../entry/remembered.ts";

let waiting: Worker | undefined;

const makeWorker = (face: Face): Worker => new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: `hawser-${face}` });

export function warmWorker(face: Face): void {
  const worker = makeWorker(face);
  waiting = worker;
  // A script that did not come is asked for again by whoever needs it, and fails there where it is heard.
  worker.addEventListener("error", () => {
    if (waiting === worker) waiting = undefined;
  });
}

export function takeWorker(face: Face): Worker {
  const worker = waiting ?? makeWorker(face);
  waiting = undefined;
  return worker;
}

/** Another tab runs the engine. */
export function dropWarmWorker(): void {
  waiting?.terminate();
  waiting = undefined;
}
