/**
 * Changes the world of the app's worker, where the engine lives and where a page's scripts do not reach: its script is served with a
 * few lines in front. Everything else about it is the built app.
 */
import type { BrowserContext } from "playwright-core";

/** The engine's entry in the built app. */
const WORKER_SCRIPT = /\/assets\/worker-[^/]*\.js$/;

/** Timers and clocks run `factor` times as fast. */
export const fasterBy = (factor: number): string => `{
  const start = Date.now(), origin = performance.now(), now = Date.now, tick = performance.now.bind(performance), wait = setTimeout;
  Date.now = () => start + (now() - start) * ${factor};
  performance.now = () => origin + (tick() - origin) * ${factor};
  self.setTimeout = (callback, ms, ...rest) => wait(callback, (ms ?? 0) / ${factor}, ...rest);
}`;

/** As in a browser that has no file system for pages, or a person who denied it. */
export const NO_FILE_SYSTEM = `{
  const denied = () => Promise.reject(new DOMException("denied", "SecurityError"));
  Object.defineProperty(StorageManager.prototype, "getDirectory", { value: denied });
}`;

/** As with all site data blocked. */
export const NO_STORAGE = `${NO_FILE_SYSTEM}
  Object.defineProperty(self, "indexedDB", { get() { throw new DOMException("denied", "SecurityError"); } });`;

/** For every page that the context opens from now on. Without a service worker, which would serve the script that it kept. */
export async function inWorkers(context: BrowserContext, prelude: string): Promise<{ readonly applied: () => number }> {
  let applied = 0;
  await context.addInitScript(() => {
    const refuse = (): Promise<never> => Promise.reject(new DOMException("off for this test", "SecurityError"));
    Object.defineProperty(ServiceWorkerContainer.prototype, "register", { value: refuse });
  });
  await context.route(WORKER_SCRIPT, async (route) => {
    const response = await route.fetch();
    applied++;
    await route.fulfill({ response, body: `${prelude}\n${await response.text()}` });
  });
  return { applied: () => applied };
}
