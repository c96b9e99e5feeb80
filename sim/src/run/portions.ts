/** Seeds in portions, each in a process of its own, several side by side: a seed's world does not depend on where it runs. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export const SEEDS_A_PORTION = 25;

export interface Portion {
  readonly from: number;
  readonly seeds: number;
}

/** Portions in order; the last one may be smaller. */
export function portionsOf(from: number, seeds: number): Portion[] {
  const count = Math.ceil(seeds / SEEDS_A_PORTION);
  return Array.from({ length: count }, (_, i) => ({
    from: from + i * SEEDS_A_PORTION,
    seeds: Math.min(SEEDS_A_PORTION, seeds - i * SEEDS_A_PORTION),
  }));
}

/** Runs the simulator on one portion and gives what it printed as JSON; its reports go to `say`. Rejects when it ended without any. */
export function runPortion<Result>(portion: Portion, options: readonly string[], say: (line: string) => void): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const range = ["--from", String(portion.from), "--seeds", String(portion.seeds), "--jobs", "1", "--json"];
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...range, ...options], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  child.stdout.on("data", (bytes: Buffer) => (printed += bytes.toString()));
  createInterface(child.stderr).on("line", say);
  child.on("error", reject);
  child.on("close", (code) => {
    try {
      resolve(JSON.parse(printed) as Result);
    } catch {
      reject(new Error(`seeds from ${portion.from}: the process ended with ${code}`));
    }
  });
  return promise;
}
