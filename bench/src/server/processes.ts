/** Starts the two sides on a core each, and ends them by their own process. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

export const SERVER_CORE = 0;
export const GENERATOR_CORE = 1;
const START_DEADLINE_MS = 60_000;

export const canPin = (): boolean => availableParallelism() >= 2 && existsSync("/usr/bin/taskset");

function start(
  core: number,
  file: string,
  args: readonly string[],
  nodeFlags: readonly string[],
  stdout: "pipe" | "inherit",
): ChildProcess {
  const command = [process.execPath, ...nodeFlags, join(import.meta.dirname, file), ...args];
  const [first, ...rest] = canPin() ? ["taskset", "-c", String(core), ...command] : command;
  return spawn(first!, rest, { stdio: ["ignore", stdout, "inherit", "ipc"] });
}

export interface Target {
  readonly port: number;
  readonly process: ChildProcess;
  ask<T>(question: string): Promise<T>;
  stop(): Promise<void>;
}

export async function startTarget(file: string, options: unknown, nodeFlags: readonly string[] = []): Promise<Target> {
  const child = start(SERVER_CORE, file, [JSON.stringify(options)], nodeFlags, "pipe");
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const deadline = setTimeout(() => reject(new Error(`${file} did not start`)), START_DEADLINE_MS);
  let text = "";
  child.stdout!.on("data", (data: Buffer) => {
    text += data.toString("utf8");
    const end = text.indexOf("\n");
    if (end >= 0) resolve((JSON.parse(text.slice(0, end)) as { port: number }).port);
  });
  child.on("exit", (code) => reject(new Error(`${file} ended with ${code}`)));
  const port = await promise.finally(() => clearTimeout(deadline));
  return {
    port,
    process: child,
    ask: <T>(question: string) =>
      new Promise<T>((answer) => {
        child.once("message", (message) => answer(message as T));
        child.send(question);
      }),
    stop: () => end(child),
  };
}

/** What a generator is told to do; its own module knows the names and their options. */
export interface Order {
  readonly name: string;
  readonly context: object;
  readonly options: object;
}

export interface Generator {
  run(order: Order): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

export function startGenerator(file = "generator.ts"): Generator {
  const child = start(GENERATOR_CORE, file, [], [], "inherit");
  return {
    run: (order) =>
      new Promise((resolve, reject) => {
        child.once("message", (message: { figures?: Record<string, number>; error?: string }) => {
          if (message.figures === undefined) reject(new Error(message.error ?? "the generator failed"));
          else resolve(message.figures);
        });
        child.send(order);
      }),
    stop: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const insist = setTimeout(() => child.kill("SIGKILL"), 3_000);
  await gone;
  clearTimeout(insist);
}
