/** Linking's last step is refused, as on 27 February 2026: after two failures the page asks for no new code, says so, and leads to the diagnosis. */
import { FaultProxy } from "@hawser/drills/engines/real/fault-proxy";
import { FaultyFront } from "@hawser/drills/front/faulty-front";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { faultsOf } from "./harness/axe.ts";
import { CompanionApp } from "./harness/companion-app.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { codeOnScreen, readCode } from "./harness/read-code.ts";
import { scenario } from "./harness/scenario.ts";
import { say } from "./harness/words.ts";

/** What stood on the page since it began, however shortly: its headings, and whether there was a code. */
async function watchScreen(page: Page, codeLabel: string): Promise<() => Promise<string[]>> {
  await page.addInitScript((label) => {
    const seen = new Set<string>();
    (window as unknown as { seen: Set<string> }).seen = seen;
    const look = (): void => {
      for (const { textContent } of document.querySelectorAll("h1")) seen.add(textContent);
      if (document.querySelector(`svg[aria-label="${label}"]`) !== null) seen.add(label);
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true });
  }, codeLabel);
  return () => page.evaluate(() => [...(window as unknown as { seen: Set<string> }).seen]);
}

scenario("two links that fail at their last step: no third code, what is wrong instead, and a way on once it works", async (world) => {
  const front = new FaultyFront();
  const proxy = new FaultProxy(front);
  world.atEnd(() => proxy.close());
  const origin = await proxy.address("browser");
  const server = await world.startServer({ origin });
  proxy.forwardTo(server.port);
  const phone = await PhoneApp.open(await (await world.phone()).page(), origin);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  const companion = await CompanionApp.open(await (await world.companion()).page(), origin);
  const { page } = companion;
  const newCode = page.getByRole("button", { name: say("link.newCode"), exact: true });
  const failsWith = async (title: string, code: string): Promise<void> => {
    await phone.pasteCode(code);
    await phone.confirm();
    await phone.hasFailedToLink();
    await phone.closeSheet();
    await page.getByRole("heading", { name: title }).waitFor();
    await page
      .getByRole("alert")
      .filter({ hasText: say("error.SERVER_REFUSED") })
      .waitFor();
  };

  front.faults.linkLastStep = "NOT_AUTHENTICATED";
  const first = await codeOnScreen(page);
  await failsWith(say("link.failedTitle"), first);
  await newCode.click();
  const second = await codeOnScreen(page, first);
  await failsWith(say("link.stuckTitle"), second);
  expect(await newCode.count()).toBe(0);
  expect(await readCode(await page.screenshot())).toBeUndefined();
  await page.getByText(say("diagnosis.network")).waitFor();
  expect(front.taken).toBeGreaterThanOrEqual(2);

  await page.locator('a[href^="/diagnosis"]').click();
  await page
    .getByText(say("whose.nobody"))
    .or(page.getByText(say("whose.cannot-tell")))
    .first()
    .waitFor();
  await page.goBack();
  // Still the same two failures: a page that is opened again does not begin to ask for scans by itself.
  await page.getByRole("heading", { name: say("link.stuckTitle") }).waitFor();
  expect(await readCode(await page.screenshot())).toBeUndefined();
  const seen = await watchScreen(page, say("link.qrLabel"));
  await page.reload();
  await page
    .getByRole("alert")
    .filter({ hasText: say("error.SERVER_REFUSED") })
    .waitFor();
  expect(await seen()).toEqual([say("link.stuckTitle")]);
  expect(await faultsOf(page, "no third code")).toEqual([]);

  front.heal();
  await page.getByRole("button", { name: say("link.startOver"), exact: true }).click();
  await phone.pasteCode(await codeOnScreen(page, second));
  await phone.confirmLink();
  await page.getByText(say("companion.linked")).waitFor();
});
