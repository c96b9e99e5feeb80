/**
 * Changes the world of the app's worker, where the engine lives and where a page's scripts do not reach: its script is served with a
 * few lines in front. Everything else about it is the built app.
 */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WEB_ROOT } from "./server-process.ts";

/** The engine's entry in the built app. */
const WORKER_SCRIPT = /^worker-[^/]*\.js$/;

/** Timers and clocks run `factor` times as fast. */
export const fasterBy = (factor: number): string => `{
  const start = Date.now(), origin = performance.now(), now = Date.now, tick = performance.now.bind(performance), wait = setTimeout;
  Date.now = () => start + (now() - start) * ${factor};
  performance.now = () => origin + (tick() - origin) * ${factor};
  self.setTimeout = (callback, ms, ...rest) => wait(callback, (ms ?? 0) / ${factor}, ...rest);
}`;

/** The engine's clock is wrong by so much. */
export const aheadBy = (aheadMs: number): string => `{
  const now = Date.now;
  Date.now = () => now() + ${aheadMs};
}`;

/** As in a browser that has no file system for pages, or a person who denied it. */
export const NO_FILE_SYSTEM = `{
  const denied = () => Promise.reject(new DOMException("denied", "SecurityError"));
  Object.defineProperty(StorageManager.prototype, "getDirectory", { value: denied });
}`;

/** As with all site data blocked. */
export const NO_STORAGE = `${NO_FILE_SYSTEM}
  Object.defineProperty(self, "indexedDB", { get() { throw new DOMException("denied", "SecurityError"); } });`;

/** A copy of the built app whose engine begins with `prelude`, for a server to serve. */
export function webRootWith(prelude: string, folder: string): string {
  const root = join(folder, "web");
  cpSync(WEB_ROOT, root, { recursive: true });
  const scripts = readdirSync(join(root, "assets")).filter((name) => WORKER_SCRIPT.test(name));
  if (scripts.length !== 1) throw new Error(`the built app has ${scripts.length} engines`);
  const path = join(root, "assets", scripts[0]!);
  // The server would rather send what was compressed ahead.
  for (const ending of [".br", ".gz"]) rmSync(path + ending, { force: true });
  writeFileSync(path, `${prelude}\n${readFileSync(path, "utf8")}`);
  return root;
}
