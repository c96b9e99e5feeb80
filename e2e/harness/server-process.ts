/** The real server as a process of its own, which can be killed, frozen and started again on the same port and the same data. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { RoleName, ServerLimits } from "@hawser/server";
import { within } from "./until.ts";

/** HAWSER_WEB_ROOT points at another build than the one in the tree. */
export const WEB_ROOT = process.env["HAWSER_WEB_ROOT"] ?? fileURLToPath(new URL("../../apps/web/dist", import.meta.url));
const SERVE = fileURLToPath(new URL("./serve.ts", import.meta.url));
const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 10_000;

export interface ServerOptions {
  readonly dataDir: string;
  /** What browsers have in the address bar, when something stands between them and the server. */
  readonly origin?: string;
  readonly webRoot?: string;
  /** Other servers that relay this one's links. */
  readonly linkNodes?: readonly string[];
  /** Origins whose links this one relays. */
  readonly linkFor?: readonly string[];
  /** Roles that do not answer, from the start. */
  readonly outOfService?: readonly RoleName[];
  /** Other limits than those of a server for many people. */
  readonly limits?: ServerLimits;
}

export class ServerProcess {
  readonly options: ServerOptions;
  readonly #log: string[] = [];
  #port = 0;
  #child: ChildProcess | undefined;

  constructor(options: ServerOptions) {
    this.options = options;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return this.options.origin ?? `http://127.0.0.1:${this.#port}`;
  }

  /** Everything the server said on both outputs, in all its lives. */
  get log(): string {
    return this.#log.join("\n");
  }

  /** `changed`: what is otherwise in this life than in the one before. */
  async start(changed: Partial<ServerOptions> = {}): Promise<this> {
    const { webRoot = WEB_ROOT, ...options } = { ...this.options, ...changed };
    if (!existsSync(webRoot)) throw new Error(`${webRoot} is missing: \`npm test\` builds it`);
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", SERVE], {
      env: { ...process.env, SERVE_OPTIONS: JSON.stringify({ ...options, webRoot, port: this.#port }) },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child = child;
    createInterface({ input: child.stderr }).on("line", (line) => this.#log.push(line));
    const ready = new Promise<number>((resolve, reject) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        const match = /^listening (\d+)$/.exec(line);
        if (match === null) this.#log.push(line);
        else resolve(Number(match[1]));
      });
      child.once("exit", (code) => reject(new Error(`the server ended with ${code} before it listened:\n${this.log}`)));
    });
    this.#port = await within("the server listens", START_TIMEOUT_MS, ready);
    return this;
  }

  /** kill -9: no goodbye, no flush. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** Accepts connections, answers nothing: the fault that looks like a slow network. */
  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGCONT");
    child.kill(signal);
    await within(`the server ends on ${signal}`, STOP_TIMEOUT_MS, gone).catch((error: unknown) => {
      child.kill("SIGKILL");
      throw error;
    });
  }
}
