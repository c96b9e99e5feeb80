/**
 * WebKit by WebKitWebDriver (W3C WebDriver), with a browser that keeps its data (webkit-browser.py), on an X server that no one sees.
 * Driver, browser, network and web processes are one group: killing it is what happens to an app whose memory the system wants back.
 */
import { mkdirSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../until.ts";
import { Faults } from "./faults.ts";
import { ProcessGroup } from "./process-group.ts";
import type { EngineProfile, EngineProfileOptions } from "./profile.ts";
import { PageMoved, type Point, RemotePage, type Tab } from "./remote-page.ts";
import { SCREEN_SIZES } from "./screen-sizes.ts";
import { WebDriverSession } from "./webdriver-session.ts";

export const WEBKIT_DRIVER = process.env["HAWSER_WEBKIT_DRIVER"] ?? "/usr/bin/WebKitWebDriver";
const BROWSER = fileURLToPath(new URL("./webkit-browser.py", import.meta.url));
const START_TIMEOUT_MS = 30_000;

/** What the driver says when a script has no document any more. */
const MOVED = /Could not parse script result|javascript error: Script evaluation was interrupted|navigat/i;

/**
 * WebDriver tells nothing of a page's console: each look at a page brings back what it said since the one before. An observer that goes
 * on in the next frame is no exception, though the event says "error"; the other drivers leave it out as well.
 */
const DRAIN_FAULTS = `(() => {
  const heard = (window.hawserFaults ??= (() => {
    const list = [];
    const say = console.error;
    console.error = (...words) => (list.push("console: " + words.join(" ")), say.apply(console, words));
    addEventListener("error", ({ message }) => /^ResizeObserver loop/.test(message) || list.push("page error: " + message));
    addEventListener("unhandledrejection", ({ reason }) => list.push("page error: " + reason));
    return list;
  })());
  return heard.splice(0);
})()`;

export interface WebkitOptions extends EngineProfileOptions {
  /** The X server's display, as in `:99`. */
  readonly display: string;
}

export class WebkitProfile implements EngineProfile {
  readonly engine = "webkit";
  readonly name: string;
  readonly #options: WebkitOptions;
  readonly #faults: Faults;
  readonly #pages: RemotePage[] = [];
  #process!: ProcessGroup;
  #session!: WebDriverSession;

  private constructor(options: WebkitOptions) {
    this.name = options.name;
    this.#options = options;
    this.#faults = new Faults(options.name);
  }

  static async open(options: WebkitOptions): Promise<WebkitProfile> {
    const profile = new WebkitProfile(options);
    await profile.restart();
    return profile;
  }

  get faults(): readonly string[] {
    return this.#faults.unexpected;
  }

  expectFault(pattern: RegExp): void {
    this.#faults.expect(pattern);
  }

  async page(): Promise<RemotePage> {
    const [first] = this.#pages;
    return first ?? this.newPage();
  }

  async newPage(): Promise<RemotePage> {
    const { handle } = (await this.#session.command("POST", "/window/new", { type: "tab" })) as { handle: string };
    return this.#adopt(handle);
  }

  /** With what lies in the profile's folder: the same browser, a moment later. */
  async restart(): Promise<void> {
    const { folder, name, screen, display, isPrivate = false } = this.#options;
    const { width, height } = SCREEN_SIZES[screen];
    const data = join(folder, `webkit-${name}`);
    mkdirSync(data, { recursive: true });
    const port = await freePort();
    this.#process = new ProcessGroup(WEBKIT_DRIVER, [`--port=${port}`, "--host=127.0.0.1"], {
      stdio: "ignore",
      env: {
        ...process.env,
        DISPLAY: display,
        GDK_BACKEND: "x11",
        NO_AT_BRIDGE: "1",
        TZ: "Europe/Istanbul",
        HAWSER_WEBKIT_DATA: isPrivate ? "" : data,
        HAWSER_WEBKIT_SIZE: `${width}x${height}`,
      },
    });
    const origin = `http://127.0.0.1:${port}`;
    await until("the driver listens", async () => (await fetch(`${origin}/status`)).ok, START_TIMEOUT_MS);
    this.#session = await WebDriverSession.open(origin, {
      browserName: "hawser-webkit",
      "webkitgtk:browserOptions": { binary: BROWSER, args: [] },
    });
    this.#adopt((await this.#session.command("GET", "/window")) as string);
  }

  async kill(): Promise<void> {
    this.#pages.length = 0;
    await this.#process.kill();
  }

  async saveScreenshots(folder: string): Promise<void> {
    for (const [index, page] of this.#pages.entries())
      await page.screenshot({ path: join(folder, `${this.name}-${index}.png`) }).catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#session.command("DELETE", "").catch(() => undefined);
    await this.#process.kill();
  }

  #adopt(handle: string): RemotePage {
    const page: RemotePage = new RemotePage(
      new WebkitTab(this.#session, handle, this.#faults, () => void this.#pages.splice(this.#pages.indexOf(page), 1)),
    );
    this.#pages.push(page);
    return page;
  }
}

class WebkitTab implements Tab {
  readonly #session: WebDriverSession;
  readonly #handle: string;
  readonly #faults: Faults;
  readonly #gone: () => void;

  constructor(session: WebDriverSession, handle: string, faults: Faults, gone: () => void) {
    this.#session = session;
    this.#faults = faults;
    this.#handle = handle;
    this.#gone = gone;
  }

  async goto(url: string): Promise<void> {
    await this.#command("POST", "/url", { url });
  }

  async reload(): Promise<void> {
    await this.#command("POST", "/refresh", {});
  }

  async close(): Promise<void> {
    this.#gone();
    await this.#command("DELETE", "/window");
  }

  async call(source: string, given: readonly unknown[]): Promise<unknown> {
    const script = `const [given, done] = arguments;
      const faults = ${DRAIN_FAULTS};
      (async () => JSON.stringify({ faults, value: await (${source})(...JSON.parse(given)) }))()
        .then(done, (error) => done(JSON.stringify({ faults, error: String(error && error.message || error) })));`;
    const result = await this.#command("POST", "/execute/async", { script, args: [JSON.stringify(given)] }).catch((error: Error) => {
      throw MOVED.test(error.message) ? new PageMoved(error.message) : error;
    });
    const answer = JSON.parse(result as string) as { faults: string[]; value?: unknown; error?: string };
    for (const fault of answer.faults) this.#faults.note(fault);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.value;
  }

  async clickAt(point: Point): Promise<void> {
    await this.#pointer(point, [
      { type: "pointerDown", button: 0 },
      { type: "pointerUp", button: 0 },
    ]);
  }

  async moveTo(point: Point): Promise<void> {
    await this.#pointer(point, []);
  }

  async wheel({ x, y }: Point, deltaX: number, deltaY: number): Promise<void> {
    const scroll = { type: "scroll", x: Math.round(x), y: Math.round(y), deltaX, deltaY, duration: 0, origin: "viewport" };
    // The driver does only what differs from what it did last: the wheel comes to rest, so that the same turn can follow.
    const rest = { ...scroll, deltaX: 0, deltaY: 0 };
    await this.#command("POST", "/actions", { actions: [{ type: "wheel", id: "wheel", actions: [scroll, rest] }] });
  }

  async chooseFiles(source: string, given: readonly unknown[], paths: readonly string[]): Promise<void> {
    const script = `return (${source})(...JSON.parse(arguments[0]))`;
    const element = (await this.#command("POST", "/execute/sync", { script, args: [JSON.stringify(given)] })) as Record<string, string>;
    await this.#command("POST", `/element/${Object.values(element)[0]}/value`, { text: paths.join("\n") });
  }

  async screenshot(): Promise<Buffer> {
    return Buffer.from((await this.#command("GET", "/screenshot")) as string, "base64");
  }

  async #pointer({ x, y }: Point, then: readonly object[]): Promise<void> {
    const move = { type: "pointerMove", duration: 0, x: Math.round(x), y: Math.round(y) };
    const mouse = { type: "pointer", id: "mouse", parameters: { pointerType: "mouse" }, actions: [move, ...then] };
    await this.#command("POST", "/actions", { actions: [mouse] });
  }

  #command(method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<unknown> {
    return this.#session.inWindow(this.#handle, method, path, body);
  }
}

/** Free now; the driver cannot choose one and say which. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
