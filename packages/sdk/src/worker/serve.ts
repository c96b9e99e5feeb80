/**
 * The worker's side: runs the calls of one page on a client. Several pages may be served at once, one port each.
 * Invariant: a page can reach the methods of `CLIENT_METHODS` and nothing else.
 */
import { OperationalError } from "@hawser/base";
import type { FileSource, HawserClient } from "@hawser/client";
import { fileSourceOf } from "./file-source.ts";
import { CLIENT_METHODS, type ClientMethod, type FileMark, type PortLike, type ToPage, type ToWorker } from "./protocol.ts";
import { fromWireError, toWireError } from "./wire-error.ts";

const CALLABLE: ReadonlySet<string> = new Set(CLIENT_METHODS);

interface Reading {
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/** Serves `client` to the page behind `port`; returns a function that stops serving (the client itself stays open). */
export function serveWorkerClient(port: PortLike, client: HawserClient | Promise<HawserClient>): () => void {
  const reads = new Map<number, Reading>();
  let nextRead = 1;
  let stopped = false;
  let unsubscribe = (): void => {};
  const post = (message: ToPage): void => {
    if (!stopped) port.postMessage(message);
  };

  const unmark = (value: unknown, depth: number): unknown => {
    if (depth > 3 || typeof value !== "object" || value === null) return value;
    if (isMark(value)) return value.blob === undefined ? remoteFile(value) : fileSourceOf(value.blob, value.name, value.preview);
    if (Array.isArray(value)) return value.map((item) => unmark(item, depth + 1));
    if (ArrayBuffer.isView(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unmark(item, depth + 1)]));
  };
  const remoteFile = (mark: FileMark): FileSource => ({
    name: mark.name,
    sizeBytes: mark.sizeBytes,
    mediaType: mark.mediaType,
    ...(mark.preview === undefined ? {} : { preview: mark.preview }),
    read: (offset, sizeBytes) =>
      new Promise((resolve, reject) => {
        if (stopped) return reject(new OperationalError("CLOSED"));
        const id = nextRead++;
        reads.set(id, { resolve, reject });
        post({ type: "read", id, file: mark.hawserFile, offset, sizeBytes });
      }),
  });

  const run = async (message: Extract<ToWorker, { type: "call" }>): Promise<void> => {
    try {
      if (!CALLABLE.has(message.method)) throw new OperationalError("UNKNOWN_OPERATION");
      const target = (await client) as unknown as Record<ClientMethod, (...args: unknown[]) => Promise<unknown>>;
      const value = await target[message.method](...message.args.map((argument) => unmark(argument, 0)));
      post({ type: "result", id: message.id, value });
    } catch (error) {
      post({ type: "error", id: message.id, error: toWireError(error) });
    }
  };

  const receive = (event: { readonly data: unknown }): void => {
    const message = event.data as ToWorker;
    if (message.type === "call") void run(message);
    else if (message.type === "read-result") settle(message.id)?.resolve(message.bytes);
    else if (message.type === "read-error") settle(message.id)?.reject(fromWireError(message.error));
    else if (message.type === "bye") stop();
  };
  const settle = (id: number): Reading | undefined => {
    const entry = reads.get(id);
    reads.delete(id);
    return entry;
  };
  const stop = (): void => {
    stopped = true;
    unsubscribe();
    port.removeEventListener("message", receive);
    for (const entry of reads.values()) entry.reject(new OperationalError("CLOSED"));
    reads.clear();
  };

  port.addEventListener("message", receive);
  port.start?.();
  void Promise.resolve(client).then(
    (ready) => {
      if (stopped) return;
      unsubscribe = ready.subscribe((event) => post({ type: "event", event }));
      post({ type: "ready" });
    },
    () => undefined, // each call reports the failure itself
  );
  return stop;
}

function isMark(value: object): value is FileMark {
  return typeof (value as Partial<FileMark>).hawserFile === "number";
}
