/** The real program as a process, for tests. Nothing of the test's own environment reaches it. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { checkEvent } from "../json-events.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const CACHE = fileURLToPath(new URL("../../../../.cache", import.meta.url));

export type Line = Record<string, unknown> & { readonly event: string };

export class Hawser {
  readonly child: ChildProcess;
  readonly lines: Line[] = [];
  stderr = "";
  stdout = "";
  readonly #ended: Promise<number | undefined>;
  readonly #waiting = new Set<() => void>();

  /** `through`: a command that runs the program in other surroundings, such as `unshare`. */
  constructor(parameters: readonly string[], environment: Record<string, string> = {}, through: readonly string[] = []) {
    const [program, ...words] = [...through, process.execPath, "--disable-warning=ExperimentalWarning", MAIN, ...parameters];
    this.child = spawn(program!, words, {
      env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", XDG_CACHE_HOME: CACHE, ...environment },
      stdio: "pipe",
    });
    const json = parameters.includes("--json");
    createInterface({ input: this.child.stdout! }).on("line", (line) => {
      this.stdout += `${line}\n`;
      if (json) this.#take(line);
    });
    this.child.stderr!.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.#ended = new Promise((resolve) =>
      this.child.once("close", (code) => {
        resolve(code ?? undefined);
        for (const wake of this.#waiting) wake();
      }),
    );
  }

  #take(line: string): void {
    const event = JSON.parse(line) as Line;
    const wrong = checkEvent(event);
    if (wrong !== undefined) throw new Error(`not in the documented schema: ${wrong}: ${line}`);
    this.lines.push(event);
    for (const wake of this.#waiting) wake();
  }

  /** The first event that matches, now or later; fails when the program ends without it. */
  async sees(matches: (line: Line) => boolean): Promise<Line> {
    for (;;) {
      const found = this.lines.find(matches);
      if (found !== undefined) return found;
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`ended with ${this.child.exitCode}:\n${this.stdout}\n${this.stderr}`);
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  write(text: string): this {
    this.child.stdin!.write(text);
    return this;
  }

  endInput(): this {
    this.child.stdin!.end();
    return this;
  }

  ended(): Promise<number | undefined> {
    return this.#ended;
  }

  async kill(signal: NodeJS.Signals): Promise<number | undefined> {
    this.child.kill(signal);
    return this.#ended;
  }
}

export interface Finished {
  readonly exit: number | undefined;
  readonly lines: readonly Line[];
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command to its end. */
export async function hawser(
  parameters: readonly string[],
  { input, environment, through }: { input?: string; environment?: Record<string, string>; through?: readonly string[] } = {},
): Promise<Finished> {
  const program = new Hawser(parameters, environment, through);
  if (input !== undefined) program.write(input);
  program.endInput();
  const exit = await program.ended();
  return { exit, lines: program.lines, stdout: program.stdout, stderr: program.stderr };
}
