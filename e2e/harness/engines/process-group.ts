/** A browser with all its helpers: one process group, ended together, in one blow when a story wants that. */
import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { within } from "../until.ts";

const END_TIMEOUT_MS = 5_000;

export class ProcessGroup {
  readonly child: ChildProcess;
  readonly #exit: Promise<void>;
  #ended = false;

  constructor(command: string, parameters: readonly string[], options: SpawnOptions) {
    this.child = spawn(command, parameters, { ...options, detached: true });
    this.#exit = new Promise((resolve) => {
      this.child.once("error", () => resolve());
      this.child.once("exit", () => resolve());
    });
    process.once("exit", this.#atExit);
  }

  /** The first match in what the process says on `output`; fails when it ends before. */
  async says(output: "stdout" | "stderr", pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    let said = "";
    const match = new Promise<RegExpExecArray>((resolve, reject) => {
      this.child[output]!.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        const found = pattern.exec(said);
        if (found !== null) resolve(found);
      });
      void this.#exit.then(() => reject(new Error(`${this.child.spawnfile} ended before it said ${pattern.source}: ${said}`)));
    });
    return within(`${this.child.spawnfile} says ${pattern.source}`, timeoutMs, match);
  }

  /** kill -9 for every process of the group at once: what a system does to a program that it takes the memory from. */
  async kill(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    process.removeListener("exit", this.#atExit);
    this.#signal();
    await within(`${this.child.spawnfile} is gone`, END_TIMEOUT_MS, this.#exit);
  }

  #signal(): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, "SIGKILL");
    } catch {
      // gone already
    }
  }

  /** A test that ends early leaves nothing running. */
  readonly #atExit = (): void => this.#signal();
}
