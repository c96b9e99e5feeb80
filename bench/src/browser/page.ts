/**
 * The page of benchmarks in a browser. It runs either the bench's own worker (`ask`), or the engine of the built web app, as
 * the app's page starts it (`engine…`); a benchmark calls these from outside.
 */
import { PROGRAM_VERSION } from "@hawser/base/version";
import type { AccountId } from "@hawser/base";
import { connectWorkerClient, type HawserClient } from "@hawser/sdk";
import {
  ceremonyCode,
  type FirstMessage,
  type FirstScreen,
  firstMessage,
  type HistoryTimes,
  historyTimes,
} from "../shared/device-watch.ts";

interface Answer {
  readonly value?: unknown;
  readonly error?: string;
}

function ask(question: string, ...parameters: readonly unknown[]): Promise<unknown> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data: { value, error } }: MessageEvent<Answer>) => {
      worker.terminate();
      if (error === undefined) resolve(value);
      else reject(new Error(error));
    });
    worker.addEventListener("error", (event) => reject(new Error(event.message)));
    worker.postMessage({ question, parameters });
  });
}

let client: HawserClient | undefined;
let screen: Promise<FirstScreen> | undefined;
let history: Promise<HistoryTimes> | undefined;

/** Starts the built engine at `workerPath` as the app does (apps/web/src/engine). */
function engine(workerPath: string, face: "phone" | "companion"): void {
  const worker = new Worker(workerPath, { type: "module" });
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ type: "start", face, origin: location.origin, platform: "bench", version: PROGRAM_VERSION, port: port2 }, [port2]);
  client = connectWorkerClient(port1);
}

const page = {
  ask,
  engine,
  code: () => ceremonyCode(client!),
  watchHistory: (conversations: number): void => {
    ({ screen, history } = historyTimes(client!, conversations));
  },
  firstScreen: () => screen,
  history: () => history,
  firstMessage: (to: AccountId): Promise<FirstMessage> => firstMessage(client!, to),
};
export type BenchPage = typeof page;

Object.assign(globalThis, { bench: page });
