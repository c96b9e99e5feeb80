/** Starts, steers and ends the server's process. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ServerOptions } from "@hawser/server";
import type { RoleName } from "../../stage.ts";

const SERVE = fileURLToPath(new URL("./serve-process.ts", import.meta.url));
const ANSWER_TIMEOUT_MS = 20_000;

export class DrillServer {
  readonly #child: ChildProcess;
  readonly #waiting: { readonly pattern: RegExp; readonly resolve: (match: RegExpExecArray) => void }[] = [];

  constructor({ release, ...options }: Partial<ServerOptions> & { dataDir: string; origin: string; release: string }) {
    this.#child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", SERVE], {
      env: { ...process.env, DRILL_RELEASE: release, DRILL_SERVER: JSON.stringify(options) },
      stdio: ["pipe", "pipe", "inherit"],
    });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      for (const waiting of this.#waiting.splice(0)) {
        const match = waiting.pattern.exec(line);
        if (match === null) this.#waiting.push(waiting);
        else waiting.resolve(match);
      }
    });
  }

  async port(): Promise<number> {
    return Number((await this.#says(/^listening (\d+)$/))[1]);
  }

  async role(word: "out" | "back", role: RoleName): Promise<void> {
    await this.#do(word, role);
  }

  /** As its operator makes one, while it runs. */
  async backup(folder: string): Promise<void> {
    await this.#do("backup", folder);
  }

  async #do(word: string, what: string): Promise<void> {
    const done = this.#says(new RegExp(`^done ${word}$`));
    this.#child.stdin!.write(`${word} ${what}\n`);
    await done;
  }

  /** Without a word, as a power cut. */
  async kill(): Promise<void> {
    const gone = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    this.#child.kill("SIGKILL");
    await gone;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    this.#child.kill("SIGTERM");
    const hurry = setTimeout(() => this.#child.kill("SIGKILL"), ANSWER_TIMEOUT_MS);
    await gone;
    clearTimeout(hurry);
  }

  #says(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`the server did not say ${pattern.source}`)), ANSWER_TIMEOUT_MS);
      this.#child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
      this.#waiting.push({
        pattern,
        resolve: (match) => {
          clearTimeout(late);
          resolve(match);
        },
      });
    });
  }
}
