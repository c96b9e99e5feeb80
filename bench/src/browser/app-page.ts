/** The built web app as a person meets it in a browser: what came over the wire, what was on the screen when. Runs in Node. */
import type { BrowserContext, Page } from "playwright-core";

/** Set by the app's first script when the code is in the page (apps/web/src/entry/main.ts). */
const CODE_DRAWN = "hawser-qr";
/** Rows that fill a screen; a list with fewer is not usable yet. */
const ROWS_ON_SCREEN = 8;

export interface FirstCode {
  /** From the start of the navigation until the code was painted. */
  readonly codeMs: number;
  /** Script that had come over the wire by then, compressed and with its headers. */
  readonly scriptBytes: number;
}

export async function firstCode(context: BrowserContext, url: string): Promise<FirstCode> {
  const page = await context.newPage();
  await page.goto(url, { waitUntil: "commit" });
  return page.evaluate(async (mark) => {
    const entries = <Entry extends PerformanceEntry>(type: string, name: string): Promise<Entry> =>
      new Promise((resolve) => {
        const observer = new PerformanceObserver((list) => {
          const found = list.getEntries().find((entry) => entry.name === name);
          if (found === undefined) return;
          observer.disconnect();
          resolve(found as Entry);
        });
        observer.observe({ type, buffered: true });
      });
    const [drawn, painted] = await Promise.all([entries("mark", mark), entries("paint", "first-contentful-paint")]);
    const scripts = performance.getEntriesByType("resource").filter((entry) => /\.m?js$/.test(new URL(entry.name).pathname));
    const before = (scripts as PerformanceResourceTiming[]).filter((entry) => entry.responseEnd <= drawn.startTime);
    return {
      codeMs: Math.max(drawn.startTime, painted.startTime),
      scriptBytes: before.reduce((sum, entry) => sum + entry.transferSize, 0),
    };
  }, CODE_DRAWN);
}

/** Paths of the scripts a context loads, workers' included; the service worker must be blocked, or it fetches all there is. */
export function loadedScripts(context: BrowserContext): ReadonlySet<string> {
  const paths = new Set<string>();
  context.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (/\.m?js$/.test(pathname)) paths.add(pathname);
  });
  return paths;
}

/** Milliseconds from the start of a navigation until the rows of a list that can be used were painted. */
export async function openList(page: Page, url: string): Promise<number> {
  // In the page from its first moment on: asking from outside would add the way there.
  await page.addInitScript((rows) => {
    const shown = new Promise<number>((resolve) => {
      const look = (): void => {
        // The callback after the next frame: by then these rows were painted.
        if (document.querySelectorAll("nav a[data-row]").length >= rows)
          requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now())));
        else requestAnimationFrame(look);
      };
      look();
    });
    Object.assign(globalThis, { listShown: shown });
  }, ROWS_ON_SCREEN);
  await page.goto(url, { waitUntil: "commit" });
  await page
    .locator("nav a[data-row]")
    .nth(ROWS_ON_SCREEN - 1)
    .waitFor();
  return page.evaluate(() => (globalThis as unknown as { listShown: Promise<number> }).listShown);
}

const WHEEL_STEPS = 180;
const WHEEL_STEP_PX = 120;
const WHEEL_EVERY_MS = 16;

/** Milliseconds between frames while a wheel turns over the list, three seconds long. */
export async function scrollList(page: Page): Promise<number[]> {
  const box = await page.locator("nav a[data-row]").first().boundingBox();
  if (box === null) throw new Error("there is no list to scroll");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const frames = page.evaluate(
    () =>
      new Promise<number[]>((resolve) => {
        const intervals: number[] = [];
        let before: number | undefined;
        Object.assign(globalThis, { stopFrames: () => resolve(intervals) });
        const frame = (now: number): void => {
          if (before !== undefined) intervals.push(now - before);
          before = now;
          requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
      }),
  );
  const beganMs = performance.now();
  for (let step = 1; step <= WHEEL_STEPS; step++) {
    await page.mouse.wheel(0, WHEEL_STEP_PX);
    const waitMs = beganMs + step * WHEEL_EVERY_MS - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  await page.evaluate(() => (globalThis as unknown as { stopFrames(): void }).stopFrames());
  return frames;
}

/** How far down the list stands, in rows. */
export const firstRowInView = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const list = document.querySelector("nav a[data-row]")?.closest("nav");
    const top = list?.getBoundingClientRect().top ?? 0;
    const rows = [...(list?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
    return Number(rows.find((row) => row.getBoundingClientRect().bottom > top)?.dataset["row"] ?? 0);
  });
