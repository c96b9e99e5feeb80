/**
 * The page's side: a `HawserClient` whose every call travels through a port.
 * Invariant: after `gone` aborts, no promise of this client stays open; all reject with CLOSED and `retry: "now"`.
 */
import { OperationalError, assert } from "@hawser/base";
import type { ClientEvent, FileSource, HawserClient } from "@hawser/client";
import { blobOf, isFileSource } from "./file-source.ts";
import {
  CLIENT_METHODS,
  MAX_CALLS_UNDER_WAY,
  MAX_OPEN_FILES,
  MAX_READ_BYTES,
  type ClientMethod,
  type FileMark,
  type PortLike,
  type ToPage,
  type ToWorker,
} from "./protocol.ts";
import { fromWireError, toWireError } from "./wire-error.ts";

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * `gone` says that the worker died or another tab took over; the caller then connects again with a new port.
 * Calls made before the worker serves wait in the port's own queue.
 */
export function connectWorkerClient(port: PortLike, options: { readonly gone?: AbortSignal } = {}): HawserClient {
  const waiting = new Map<number, Waiting>();
  const listeners = new Set<(event: ClientEvent) => void>();
  const files = new Map<number, FileSource>();
  let nextId = 1;
  const closed = () => new OperationalError("CLOSED", { retry: "now" });

  const post = (message: ToWorker) => port.postMessage(message);
  const call = (method: ClientMethod, args: readonly unknown[]): Promise<unknown> => {
    if (options.gone?.aborted) return Promise.reject(closed());
    assert(waiting.size < MAX_CALLS_UNDER_WAY, "too many calls under way");
    const id = nextId++;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      post({ type: "call", id, method, args: args.map((argument) => markFiles(argument, 0)) });
    });
  };

  const markFiles = (value: unknown, depth: number): unknown => {
    if (isFileSource(value)) return mark(value);
    if (depth > 2 || typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => markFiles(item, depth + 1));
    if (Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, markFiles(item, depth + 1)]));
  };
  const mark = (source: FileSource): FileMark => {
    const blob = blobOf(source);
    const hawserFile = nextId++;
    if (blob === undefined) {
      files.set(hawserFile, source);
      if (files.size > MAX_OPEN_FILES) files.delete(files.keys().next().value!);
    }
    return { hawserFile, name: source.name, sizeBytes: source.sizeBytes, mediaType: source.mediaType, preview: source.preview, blob };
  };

  const answerRead = async (message: Extract<ToPage, { type: "read" }>): Promise<void> => {
    try {
      const source = files.get(message.file);
      if (source === undefined || message.sizeBytes > MAX_READ_BYTES) throw new OperationalError("IMPORT_UNREADABLE");
      post({ type: "read-result", id: message.id, bytes: await source.read(message.offset, message.sizeBytes) });
    } catch (error) {
      post({ type: "read-error", id: message.id, error: toWireError(error) });
    }
  };

  const receive = (event: { readonly data: unknown }): void => {
    const message = event.data as ToPage;
    if (message.type === "event") for (const listener of listeners) listener(message.event);
    else if (message.type === "read") void answerRead(message);
    else if (message.type === "result" || message.type === "error") {
      const entry = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.type === "result") entry?.resolve(message.value as never);
      else entry?.reject(fromWireError(message.error));
    }
  };
  port.addEventListener("message", receive);
  port.start?.();
  options.gone?.addEventListener("abort", () => {
    port.removeEventListener("message", receive);
    for (const entry of waiting.values()) entry.reject(closed());
    waiting.clear();
  });

  const methods = Object.fromEntries(CLIENT_METHODS.map((method) => [method, (...args: unknown[]) => call(method, args)]));
  const subscribe: HawserClient["subscribe"] = (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  // `close` ends this page's use of the client; the worker and its other pages go on.
  const close = (): Promise<void> => {
    post({ type: "bye" });
    listeners.clear();
    return Promise.resolve();
  };
  return { ...methods, subscribe, close } as unknown as HawserClient;
}
