/** Starts a client's process and calls it as if it were here. What waits for an answer when the process is killed is rejected. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ClientEvent, FileSource, HawserClient } from "@hawser/client";

const CLIENT = fileURLToPath(new URL("./client-process.ts", import.meta.url));

export interface ClientOptions {
  readonly profileDir: string;
  readonly serverUrl: string;
  readonly origin: string;
}
export interface Call {
  readonly id: number;
  readonly method: Exclude<keyof HawserClient, "subscribe" | "close">;
  readonly args: readonly unknown[];
}
export type Reply =
  | { readonly event: ClientEvent }
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };
/** A file cannot be read across the channel. */
export type FileInBytes = Omit<FileSource, "read"> & { readonly bytes: Uint8Array };

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class ClientProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: ClientEvent) => void>();
  #calls = 0;
  readonly client: HawserClient;

  constructor(options: ClientOptions) {
    this.#child = fork(CLIENT, {
      serialization: "advanced",
      execArgv: ["--disable-warning=ExperimentalWarning"],
      env: { ...process.env, DRILL_CLIENT: JSON.stringify(options) },
    });
    this.#child.on("message", (reply: Reply) => this.#hear(reply));
    this.#child.once("exit", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the process is gone"));
      this.#waiting.clear();
    });
    const own: Partial<HawserClient> = {
      subscribe: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      close: () => this.kill(),
      previewImport: async ({ read, ...file }) => {
        const bytes = await read(0, file.sizeBytes);
        return this.#call("previewImport", [{ ...file, bytes } satisfies FileInBytes]) as ReturnType<HawserClient["previewImport"]>;
      },
    };
    this.client = new Proxy(own as HawserClient, {
      get: (known, method) => Reflect.get(known, method) ?? ((...args: unknown[]) => this.#call(method as Call["method"], args)),
    });
  }

  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    this.#child.kill("SIGKILL");
    await gone;
  }

  #call(method: Call["method"], args: readonly unknown[]): Promise<unknown> {
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, method, args } satisfies Call, (error) => error !== null && reject(error));
    });
  }

  #hear(reply: Reply): void {
    if ("event" in reply) return this.#listeners.forEach((listener) => listener(reply.event));
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ("error" in reply) waiting?.reject(new Error(reply.error));
    else waiting?.resolve(reply.value);
  }
}
