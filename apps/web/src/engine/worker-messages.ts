/** What a page tells the worker it started, and what it hears back, beside the client's own port. */
import type { Face } from "../entry/remembered.ts";

export interface StartEngine {
  readonly type: "start";
  readonly face: Face;
  readonly origin: string;
  readonly platform: string;
  readonly version: string;
  readonly port: MessagePort;
}

export type EngineNotice =
  | { readonly type: "started" }
  /** The engine cannot run here: its code says why. */
  | { readonly type: "failed"; readonly code: string }
  /** The storage under the running engine was cleared. */
  | { readonly type: "storage-lost" };
