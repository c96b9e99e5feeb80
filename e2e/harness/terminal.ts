/** The terminal client as people run it: a process, its lines, and what it looks like on a screen. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import type { Page } from "playwright-core";
import { until, within } from "./until.ts";

const CLI = fileURLToPath(new URL("../../apps/cli/src/main.ts", import.meta.url));
const END_TIMEOUT_MS = 30_000;

export class Terminal {
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | undefined>;
  #output = "";
  #errors = "";

  constructor(parameters: readonly string[]) {
    this.#child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", CLI, ...parameters], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, COLUMNS: "100", LINES: "60", NO_COLOR: "1" },
    });
    this.#child.stdout!.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => (this.#errors += text));
    this.#exit = new Promise((resolve) => this.#child.once("close", (code) => resolve(code ?? undefined)));
  }

  /** Everything printed so far, without colours. */
  get output(): string {
    return stripVTControlCharacters(this.#output);
  }

  get errors(): string {
    return stripVTControlCharacters(this.#errors);
  }

  type(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  /** The first match of `pattern` in what was printed, on either output. */
  async sees(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray> {
    return until(
      `the terminal prints ${pattern.source}`,
      () => pattern.exec(this.output) ?? pattern.exec(this.errors) ?? undefined,
      timeoutMs,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\nprinted:\n${this.output}\n${this.errors}`);
    });
  }

  /** Waits for the end; fails unless it ended with `code`. */
  async ends(code = 0, timeoutMs = END_TIMEOUT_MS): Promise<this> {
    const actual = await within("the terminal client ends", timeoutMs, this.#exit);
    if (actual !== code) throw new Error(`the terminal client ended with ${actual}, not ${code}:\n${this.output}\n${this.errors}`);
    return this;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGINT");
    await within("the terminal client ends", END_TIMEOUT_MS, this.#exit).catch(() => this.#child.kill("SIGKILL"));
  }
}

/** Draws a terminal's text as a terminal does: one cell a character, no gaps between lines, light on dark. */
export async function renderTerminal(page: Page, text: string): Promise<void> {
  await page.setContent(
    `<body style="margin: 24px; background: #111; color: #eee"><pre style="font: 14px/1 'DejaVu Sans Mono', monospace; margin: 0"></pre>`,
  );
  await page.locator("pre").evaluate((pre, content) => {
    pre.textContent = content;
    // Half blocks fill a cell only when the line is as high as the font's cell.
    pre.style.lineHeight = "16.3px";
  }, text);
}
