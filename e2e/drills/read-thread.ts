/** Every message of an open chat, from the newest up, although the page holds only those about to be seen. */
import type { Page } from "playwright-core";

const STEP_PX = 350;
const MAX_STEPS = 400;
/** Older messages are fetched when the upper end comes near. */
const FETCH_MS = 300;
const ENOUGH_ENDS = 3;

export async function readThread(page: Page): Promise<string[]> {
  let all: string[] = [];
  let atEnd = 0;
  await scroll(page, Number.MAX_SAFE_INTEGER);
  for (let step = 0; step < MAX_STEPS && atEnd < ENOUGH_ENDS; step++) {
    const shown = await page.locator(".bubble-text").allInnerTexts();
    all = joined(shown, all);
    const moved = await scroll(page, -STEP_PX);
    if (!moved) await page.waitForTimeout(FETCH_MS);
    atEnd = moved ? 0 : atEnd + 1;
  }
  return all;
}

/** What is shown now, before what was shown below it: they overlap. */
function joined(shown: readonly string[], below: readonly string[]): string[] {
  for (let from = 0; from <= shown.length; from++) {
    const overlap = shown.slice(from);
    if (overlap.every((text, index) => below[index] === text || below.length <= index))
      return [...shown.slice(0, from), ...(overlap.length > below.length ? overlap : below)];
  }
  return [...below];
}

/** Whether there was anything left to scroll. */
async function scroll(page: Page, byPx: number): Promise<boolean> {
  const moved = await page.evaluate((px) => {
    const log = document.querySelector('[role="log"]');
    if (log === null) return false;
    const before = log.scrollTop;
    log.scrollTop += px;
    return log.scrollTop !== before;
  }, byPx);
  // Rows are laid out in the frames after it.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  return moved;
}
