/** Opens the engine for a face: runs it in this tab when this tab leads, else uses the leading tab's. */
import { PROGRAM_VERSION } from "@hawser/base/version";
import { findEngine } from "@hawser/io-web/broadcast-port";
import { seekLeadership } from "@hawser/io-web/leadership";
import { connectWorkerClient, type HawserClient, type PortLike } from "@hawser/sdk";
import type { Face } from "../entry/remembered.ts";
import { describePlatform } from "../linking/platform.ts";
import { startWorker, type StartedWorker } from "./start-worker.ts";
import { switchingClient } from "./switching-client.ts";
import type { EngineNotice, StartEngine } from "./worker-messages.ts";

export interface OpenedClient {
  readonly client: HawserClient;
  /** Failures of the engine itself: no storage, an unreadable database. One that was before is told at once. */
  readonly onTrouble: (listener: (code: string) => void) => void;
}

/** `early` is a worker that was started before it was known whether this tab leads. */
export function openClient(face: Face, early?: StartedWorker): OpenedClient {
  let spare = early;
  const { client, use } = switchingClient();
  let gone = new AbortController();
  let leads = false;
  let heard: string | undefined;
  let listener: (code: string) => void = () => undefined;
  const trouble = (code: string): void => {
    heard ??= code;
    listener(code);
  };
  const connect = (port: PortLike): void => {
    gone.abort();
    gone = new AbortController();
    use(connectWorkerClient(port, { gone: gone.signal }));
  };

  findEngine(face, (port) => {
    if (leads) return;
    spare?.worker.terminate();
    spare = undefined;
    connect(port);
  });
  seekLeadership(face, () => {
    leads = true;
    const { worker, broken } = spare ?? startWorker(face);
    spare = undefined;
    const channel = new MessageChannel();
    worker.addEventListener("message", ({ data }: MessageEvent<EngineNotice>) => {
      if (data.type === "failed") trouble(data.code);
      else if (data.type === "storage-lost") trouble("STORAGE_LOST");
    });
    void broken.then(() => trouble("INTERNAL"));
    const start: StartEngine = {
      type: "start",
      face,
      origin: location.origin,
      platform: describePlatform(navigator.userAgent).platform,
      version: PROGRAM_VERSION,
      port: channel.port2,
    };
    worker.postMessage(start, [channel.port2]);
    connect(channel.port1);
    return () => {
      leads = false;
      gone.abort();
      worker.terminate();
    };
  });
  return {
    client,
    onTrouble(next) {
      listener = next;
      if (heard !== undefined) next(heard);
    },
  };
}
