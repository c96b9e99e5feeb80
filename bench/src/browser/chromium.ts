/** A real Chromium with a profile folder of its own, so that storage is what a person's browser has. Runs in Node. */
import { existsSync } from "node:fs";
import { type BrowserContext, chromium } from "playwright-core";

const EXECUTABLE = process.env["HAWSER_CHROMIUM"] ?? "/usr/bin/chromium";
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

/** Nothing a benchmark waits for takes so long, on any machine. */
const ACTION_TIMEOUT_MS = 120_000;

/** What is measured in a browser is missing from the figures where there is none. */
export const hasChromium = (): boolean => existsSync(EXECUTABLE);
export const WITHOUT_CHROMIUM = `no Chromium at ${EXECUTABLE} (set HAWSER_CHROMIUM): not measured`;

export async function openChromium(
  profileDir: string,
  options: { readonly serviceWorkers?: "allow" | "block" } = {},
): Promise<BrowserContext> {
  const context = await chromium.launchPersistentContext(profileDir, {
    executablePath: EXECUTABLE,
    headless: true,
    args: FLAGS,
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    ...options,
  });
  context.setDefaultTimeout(ACTION_TIMEOUT_MS);
  return context;
}
