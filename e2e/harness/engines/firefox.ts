/** Stock Firefox by WebDriver BiDi, which it speaks by itself: no driver between. One process group and one folder a profile. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BidiConnection } from "./bidi-connection.ts";
import { Faults } from "./faults.ts";
import { ProcessGroup } from "./process-group.ts";
import type { EngineProfile, EngineProfileOptions } from "./profile.ts";
import { PageMoved, type Point, RemotePage, type Tab } from "./remote-page.ts";
import { SCREEN_SIZES } from "./screen-sizes.ts";

export const FIREFOX = process.env["HAWSER_FIREFOX"] ?? "/usr/bin/firefox-esr";
const START_TIMEOUT_MS = 60_000;

/** What the browser says when a script has no document any more. */
const MOVED = /^(no such frame|unknown error): |AbortError|actor .* destroyed/i;

/** A stock browser that says nothing to anybody but the page's server. */
const PREFERENCES: Readonly<Record<string, boolean | number | string>> = {
  "app.normandy.enabled": false,
  "app.update.disabledForTesting": true,
  "browser.aboutwelcome.enabled": false,
  "browser.safebrowsing.downloads.remote.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "extensions.systemAddon.update.enabled": false,
  "intl.accept_languages": "en-GB, en",
  "media.gmp-manager.updateEnabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,#remote-settings-dummy/v1",
  "toolkit.telemetry.reportingpolicy.firstRun": false,
};

export class FirefoxProfile implements EngineProfile {
  readonly engine = "firefox";
  readonly name: string;
  readonly #options: EngineProfileOptions;
  readonly #faults: Faults;
  readonly #pages: RemotePage[] = [];
  #process!: ProcessGroup;
  #bidi!: BidiConnection;

  private constructor(options: EngineProfileOptions) {
    this.name = options.name;
    this.#options = options;
    this.#faults = new Faults(options.name);
  }

  static async open(options: EngineProfileOptions): Promise<FirefoxProfile> {
    const profile = new FirefoxProfile(options);
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
    const { context } = await this.#bidi.command("browsingContext.create", { type: "tab" });
    return this.#adopt(context as string);
  }

  async restart(): Promise<void> {
    const { folder, name, screen, isPrivate = false } = this.#options;
    const profileDir = join(folder, `firefox-${name}`);
    const home = join(folder, "home");
    mkdirSync(profileDir, { recursive: true });
    mkdirSync(home, { recursive: true });
    const preferences = Object.entries({ ...PREFERENCES, "browser.privatebrowsing.autostart": isPrivate });
    writeFileSync(
      join(profileDir, "user.js"),
      preferences.map(([key, value]) => `user_pref(${JSON.stringify(key)}, ${JSON.stringify(value)});\n`).join(""),
    );
    const { width, height } = SCREEN_SIZES[screen];
    this.#process = new ProcessGroup(
      FIREFOX,
      ["--headless", "--no-remote", "--profile", profileDir, "--remote-debugging-port=0", `--width=${width}`, `--height=${height}`],
      {
        stdio: ["ignore", "ignore", "pipe"],
        // Firefox run by root wants a home that is root's.
        env: { ...process.env, HOME: home, TZ: "Europe/Istanbul", MOZ_CRASHREPORTER_DISABLE: "1" },
      },
    );
    const [, url] = await this.#process.says("stderr", /WebDriver BiDi listening on (ws:\S+)/, START_TIMEOUT_MS);
    this.#bidi = await BidiConnection.open(`${url}/session`, (method, parameters) => this.#heard(method, parameters));
    await this.#bidi.command("session.new", { capabilities: {} });
    await this.#bidi.command("session.subscribe", { events: ["log.entryAdded"] });
    const { contexts } = (await this.#bidi.command("browsingContext.getTree", {})) as { contexts: { context: string }[] };
    await this.#adopt(contexts[0]!.context);
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
    await this.#bidi.command("browser.close", {}).catch(() => undefined);
    await this.#process.kill();
  }

  async #adopt(context: string): Promise<RemotePage> {
    const { width, height } = SCREEN_SIZES[this.#options.screen];
    await this.#bidi.command("browsingContext.setViewport", { context, viewport: { width, height }, devicePixelRatio: 1 });
    const page: RemotePage = new RemotePage(
      new FirefoxTab(this.#bidi, context, () => void this.#pages.splice(this.#pages.indexOf(page), 1)),
    );
    this.#pages.push(page);
    return page;
  }

  #heard(method: string, { level, text, type }: Record<string, unknown>): void {
    if (method === "log.entryAdded" && level === "error") this.#faults.note(`${String(type)}: ${String(text)}`);
  }
}

class FirefoxTab implements Tab {
  readonly #bidi: BidiConnection;
  readonly #context: string;
  readonly #gone: () => void;

  constructor(bidi: BidiConnection, context: string, gone: () => void) {
    this.#bidi = bidi;
    this.#context = context;
    this.#gone = gone;
  }

  async goto(url: string): Promise<void> {
    await this.#command("browsingContext.navigate", { url, wait: "complete" });
  }

  async reload(): Promise<void> {
    await this.#command("browsingContext.reload", { wait: "complete" });
  }

  async close(): Promise<void> {
    this.#gone();
    await this.#command("browsingContext.close", {});
  }

  async call(source: string, given: readonly unknown[]): Promise<unknown> {
    const answer = (await this.#bidi
      .command("script.callFunction", {
        functionDeclaration: `async (given) => JSON.stringify(await (${source})(...JSON.parse(given)))`,
        arguments: [{ type: "string", value: JSON.stringify(given) }],
        target: { context: this.#context },
        awaitPromise: true,
      })
      .catch((error: Error) => {
        throw MOVED.test(error.message) ? new PageMoved(error.message) : error;
      })) as { type: string; result?: { value?: string }; exceptionDetails?: { text: string } };
    if (answer.type === "exception") throw new Error(answer.exceptionDetails?.text);
    return answer.result?.value === undefined ? undefined : JSON.parse(answer.result.value);
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
    const scroll = { type: "scroll", x: Math.round(x), y: Math.round(y), deltaX, deltaY };
    await this.#command("input.performActions", { actions: [{ type: "wheel", id: "wheel", actions: [scroll] }] });
  }

  async chooseFiles(source: string, given: readonly unknown[], files: readonly string[]): Promise<void> {
    const { result } = (await this.#bidi.command("script.callFunction", {
      functionDeclaration: `(given) => (${source})(...JSON.parse(given))`,
      arguments: [{ type: "string", value: JSON.stringify(given) }],
      target: { context: this.#context },
      awaitPromise: false,
    })) as { result: { sharedId: string } };
    await this.#command("input.setFiles", { element: { sharedId: result.sharedId }, files });
  }

  async screenshot(): Promise<Buffer> {
    const { data } = await this.#command("browsingContext.captureScreenshot", {});
    return Buffer.from(data as string, "base64");
  }

  async #pointer({ x, y }: Point, then: readonly object[]): Promise<void> {
    const move = { type: "pointerMove", x: Math.round(x), y: Math.round(y) };
    await this.#command("input.performActions", { actions: [{ type: "pointer", id: "mouse", actions: [move, ...then] }] });
  }

  #command(method: string, parameters: Record<string, unknown>): Promise<Record<string, unknown>> {
    return this.#bidi.command(method, { context: this.#context, ...parameters });
  }
}
