/**
 * A page in a browser that is driven by a W3C protocol. Elements are looked for inside the page, clicks and files are given to the
 * browser itself, as a mouse and a file chooser do. Everything waits as Playwright does: until it can be done, with a bound.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { actOnElement, type Probe, type Wish } from "./act-on-element.ts";
import type { AppLocator, AppPage, ChosenFile, FilterOptions, RoleOptions, TextOptions, TextPattern, WaitOptions } from "./app-page.ts";
import { findElements, type Pattern, type Query, type QueryStep } from "./find-elements.ts";

const ACTION_TIMEOUT_MS = 15_000;
const POLL_MS = 40;

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The document went away while it was asked: another one is on its way. */
export class PageMoved extends Error {}

/** What a driver can do with one tab. `call` runs a function's source with JSON arguments and gives its result as JSON. */
export interface Tab {
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  close(): Promise<void>;
  call(source: string, given: readonly unknown[]): Promise<unknown>;
  clickAt(point: Point): Promise<void>;
  moveTo(point: Point): Promise<void>;
  wheel(point: Point, deltaX: number, deltaY: number): Promise<void>;
  /** `source` is a function that gives the file input. */
  chooseFiles(source: string, given: readonly unknown[], paths: readonly string[]): Promise<void>;
  screenshot(): Promise<Buffer>;
}

const patternOf = (text: TextPattern, exact?: boolean): Pattern =>
  typeof text === "string" ? { source: text, exact: exact ?? false } : { source: text.source, flags: text.flags };

/** Both run in the page: what is imported here is named there by its source. */
const ACT = `(query, wish) => (${actOnElement.toString()})(${findElements.toString()}, query, wish)`;
const FIND_ONE = `(query) => (${findElements.toString()})(query)[0]`;

function notYet(error: unknown): Probe {
  if (error instanceof PageMoved) return { at: "wait", why: error.message };
  throw error;
}

abstract class RemoteFinder {
  protected abstract step(...steps: QueryStep[]): RemoteLocator;

  locator(selector: string): RemoteLocator {
    return this.step({ by: "css", selector });
  }

  getByRole(role: string, { name, exact, level }: RoleOptions = {}): RemoteLocator {
    return this.step({
      by: "role",
      role,
      ...(name === undefined ? {} : { name: patternOf(name, exact) }),
      ...(level === undefined ? {} : { level }),
    });
  }

  getByLabel(text: TextPattern, { exact }: TextOptions = {}): RemoteLocator {
    return this.step({ by: "label", text: patternOf(text, exact) });
  }

  getByText(text: TextPattern, { exact }: TextOptions = {}): RemoteLocator {
    return this.step({ by: "text", text: patternOf(text, exact) });
  }

  getByPlaceholder(text: TextPattern, { exact }: TextOptions = {}): RemoteLocator {
    return this.step({ by: "placeholder", text: patternOf(text, exact) });
  }
}

export class RemotePage extends RemoteFinder implements AppPage {
  readonly #tab: Tab;
  #mouseAt: Point = { x: 1, y: 1 };

  constructor(tab: Tab) {
    super();
    this.#tab = tab;
  }

  readonly mouse = { wheel: (deltaX: number, deltaY: number): Promise<void> => this.#tab.wheel(this.#mouseAt, deltaX, deltaY) };

  goto(url: string): Promise<void> {
    return this.#tab.goto(url);
  }

  reload(): Promise<void> {
    return this.#tab.reload();
  }

  close(): Promise<void> {
    return this.#tab.close();
  }

  evaluate<Result>(run: (given: never) => Result | Promise<Result>, given?: unknown): Promise<Result> {
    return this.run(run.toString(), given ?? null) as Promise<Result>;
  }

  run(source: string, given: unknown): Promise<unknown> {
    return this.#tab.call(source, [given]);
  }

  async screenshot({ path }: { readonly path?: string } = {}): Promise<Buffer> {
    const png = await this.#tab.screenshot();
    if (path !== undefined) writeFileSync(path, png);
    return png;
  }

  protected step(...steps: QueryStep[]): RemoteLocator {
    return new RemoteLocator(this, steps);
  }

  /** Asks again and again until the wish can be granted. */
  async act(query: Query, wish: Wish, timeoutMs = ACTION_TIMEOUT_MS): Promise<unknown> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const probe = (await this.#tab.call(ACT, [query, wish]).catch(notYet)) as Probe;
      if (probe.at === "ready") return probe.value;
      if (performance.now() > deadline)
        throw new Error(`waited ${timeoutMs} ms in vain for “${wish.want}” of ${JSON.stringify(query)}: ${probe.why}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async press(query: Query, timeoutMs?: number): Promise<void> {
    await this.#tab.clickAt((await this.act(query, { want: "press" }, timeoutMs)) as Point);
  }

  async hover(query: Query): Promise<void> {
    await this.act(query, { want: "scroll-to" });
    const box = (await this.act(query, { want: "box" })) as { x: number; y: number; width: number; height: number };
    this.#mouseAt = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    await this.#tab.moveTo(this.#mouseAt);
  }

  async chooseFile(query: Query, file: ChosenFile): Promise<void> {
    await this.act(query, { want: "attached" });
    const folder = mkdtempSync(join(tmpdir(), "hawser-chosen-"));
    try {
      const path = typeof file === "string" ? file : join(folder, file.name);
      if (typeof file !== "string") writeFileSync(path, file.buffer);
      await this.#tab.chooseFiles(FIND_ONE, [query], [path]);
    } finally {
      // Browsers read a chosen file when the page does; what was made up for one choice is small and read at once.
      setTimeout(() => rmSync(folder, { recursive: true, force: true }), ACTION_TIMEOUT_MS).unref();
    }
  }
}

class RemoteLocator extends RemoteFinder implements AppLocator {
  readonly #page: RemotePage;
  readonly query: Query;

  constructor(page: RemotePage, query: Query) {
    super();
    this.#page = page;
    this.query = query;
  }

  filter({ has, hasText, hasNotText }: FilterOptions = {}): RemoteLocator {
    return this.step(
      ...(has === undefined ? [] : [{ by: "has" as const, query: (has as RemoteLocator).query }]),
      ...(hasText === undefined ? [] : [{ by: "has-text" as const, text: patternOf(hasText), not: false }]),
      ...(hasNotText === undefined ? [] : [{ by: "has-text" as const, text: patternOf(hasNotText), not: true }]),
    );
  }

  first(): RemoteLocator {
    return this.step({ by: "nth", index: 0 });
  }

  last(): RemoteLocator {
    return this.step({ by: "nth", index: -1 });
  }

  async waitFor({
    state = "visible",
    timeout,
  }: { state?: "attached" | "detached" | "visible" | "hidden"; timeout?: number } = {}): Promise<void> {
    await this.#page.act(this.query, { want: state }, timeout);
  }

  click({ timeout }: WaitOptions = {}): Promise<void> {
    return this.#page.press(this.query, timeout);
  }

  async fill(text: string, { timeout }: WaitOptions = {}): Promise<void> {
    await this.#page.act(this.query, { want: "fill", value: text }, timeout);
  }

  async selectOption(value: string): Promise<void> {
    await this.#page.act(this.query, { want: "select", value });
  }

  setInputFiles(file: ChosenFile): Promise<void> {
    return this.#page.chooseFile(this.query, file);
  }

  hover(): Promise<void> {
    return this.#page.hover(this.query);
  }

  async count(): Promise<number> {
    return (await this.#page.act(this.query, { want: "count" })) as number;
  }

  isVisible(): Promise<boolean> {
    return this.#page.act(this.query, { want: "visible" }, 0).then(
      () => true,
      () => false,
    );
  }

  async innerText({ timeout }: WaitOptions = {}): Promise<string> {
    return (await this.#page.act(this.query, { want: "text" }, timeout)) as string;
  }

  async allInnerTexts(): Promise<string[]> {
    return (await this.#page.act(this.query, { want: "texts" })) as string[];
  }

  async inputValue(): Promise<string> {
    return (await this.#page.act(this.query, { want: "value" })) as string;
  }

  async getAttribute(name: string, { timeout }: WaitOptions = {}): Promise<string | null> {
    return (await this.#page.act(this.query, { want: "attribute", value: name }, timeout)) as string | null;
  }

  async evaluate<Result>(run: (element: HTMLElement) => Result | Promise<Result>): Promise<Result> {
    await this.#page.act(this.query, { want: "attached" });
    return this.#page.run(`(query) => (${run.toString()})((${FIND_ONE})(query))`, this.query) as Promise<Result>;
  }

  async boundingBox(): Promise<{ x: number; y: number; width: number; height: number }> {
    return (await this.#page.act(this.query, { want: "box" })) as { x: number; y: number; width: number; height: number };
  }

  protected step(...steps: QueryStep[]): RemoteLocator {
    return new RemoteLocator(this.#page, [...this.query, ...steps]);
  }
}
