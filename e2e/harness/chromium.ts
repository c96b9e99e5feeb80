/**
 * One browser profile of its own: a Chromium process with a folder, so that storage is what a person's browser has. Every console
 * error and page error is a fault of the test that saw it, unless the test said beforehand that it provokes it.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium, type BrowserContext, type ConsoleMessage, type Page } from "playwright-core";
import type { EngineProfile } from "./engines/profile.ts";
import { Faults } from "./engines/faults.ts";
import { SCREEN_SIZES } from "./engines/screen-sizes.ts";
import type { LiveCamera } from "./live-camera.ts";

export const EXECUTABLE = process.env["HAWSER_CHROMIUM"] ?? "/usr/bin/chromium";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--mute-audio",
];
const ACTION_TIMEOUT_MS = 15_000;

/** As Playwright's `devices` has them, in short. */
export const SCREENS = {
  desktop: { viewport: SCREEN_SIZES.desktop },
  phone: { viewport: SCREEN_SIZES.phone, isMobile: true, hasTouch: true },
} as const;

export interface ProfileOptions {
  readonly name: string;
  readonly folder: string;
  readonly screen: keyof typeof SCREENS;
  readonly camera?: LiveCamera;
  readonly locale?: string;
  readonly colorScheme?: "light" | "dark";
  readonly deviceScaleFactor?: number;
}

export class Profile implements EngineProfile {
  readonly engine = "chromium";
  readonly name: string;
  readonly context: BrowserContext;
  readonly #faults: Faults;

  private constructor(name: string, context: BrowserContext) {
    this.name = name;
    this.#faults = new Faults(name);
    this.context = context;
    context.setDefaultTimeout(ACTION_TIMEOUT_MS);
    context.on("console", (message) => this.#fromConsole(message));
    context.on("weberror", (error) => this.#faults.note(`page error: ${error.error().stack ?? error.error().message}`));
    context.on("page", (page) => page.on("crash", () => this.#faults.note("the page crashed")));
  }

  static async open({ name, folder, screen, camera, ...options }: ProfileOptions): Promise<Profile> {
    const profileDir = join(folder, `browser-${name}`);
    mkdirSync(profileDir, { recursive: true });
    const context = await chromium.launchPersistentContext(profileDir, {
      executablePath: EXECUTABLE,
      headless: true,
      args: [...FLAGS, ...(camera?.flags ?? [])],
      locale: "en-GB",
      timezoneId: "Europe/Istanbul",
      permissions: camera === undefined ? [] : ["camera"],
      ...SCREENS[screen],
      ...options,
    });
    return new Profile(name, context);
  }

  /** The profile's first page, or another tab. */
  async page(): Promise<Page> {
    const blank = this.context.pages().find((page) => page.url() === "about:blank");
    return blank ?? (await this.newPage());
  }

  newPage(): Promise<Page> {
    return this.context.newPage();
  }

  /** From now on, messages like this are part of what the test does on purpose. */
  expectFault(pattern: RegExp): void {
    this.#faults.expect(pattern);
  }

  /** What went wrong and nobody expected. */
  get faults(): readonly string[] {
    return this.#faults.unexpected;
  }

  async saveScreenshots(folder: string): Promise<void> {
    for (const [index, page] of this.context.pages().entries()) {
      const path = join(folder, `${this.name}-${index}.png`);
      await page.screenshot({ path, timeout: 5_000 }).catch(() => undefined); // a page that is gone has no picture
    }
  }

  async close(): Promise<void> {
    await this.context.close();
  }

  #fromConsole(message: ConsoleMessage): void {
    if (message.type() === "error") this.#faults.note(`console: ${message.text()} (${message.location().url})`);
  }
}

/** What a browser prints by itself while a server is down or a connection breaks. */
export const SERVER_GONE =
  /ERR_CONNECTION_|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED|WebSocket connection to|ERR_SOCKET_NOT_CONNECTED|ERR_NETWORK|connection to the server/;
