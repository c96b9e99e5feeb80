/** Starts a process of this folder and talks to it: one question, one answer. The other side is `answering.ts`. Runs in Node. */
import { type ChildProcess, fork } from "node:child_process";

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

export interface Spawned {
  /** Rejects when the other side threw, or ended. */
  ask<T>(question: string, ...parameters: unknown[]): Promise<T>;
  /** Ends the process; its own clean-up runs first. */
  stop(): Promise<void>;
}

const STOP_DEADLINE_MS = 15_000;

export function spawnProcess(file: string, nodeFlags: readonly string[] = []): Spawned {
  const child = fork(new URL(file, import.meta.url), {
    serialization: "advanced",
    execArgv: ["--disable-warning=ExperimentalWarning", ...nodeFlags],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const waiting = new Map<number, { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }>();
  let lastId = 0;
  child.on("message", ({ id, value, error }: Answer) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(value);
    else asked?.reject(new Error(error));
  });
  child.on("exit", (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file} ended with ${code ?? signal}`));
    waiting.clear();
  });
  return {
    ask: <T>(question: string, ...parameters: unknown[]) =>
      new Promise<T>((resolve, reject) => {
        const id = ++lastId;
        waiting.set(id, { resolve: (value) => resolve(value as T), reject });
        child.send({ id, question, parameters }, (error) => error === null || reject(error));
      }),
    stop: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.disconnect();
  const kill = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE_MS);
  await gone;
  clearTimeout(kill);
}
