/** A person who presses a button again and again: the server hears of it three times, and the button says for how long it rests. */
import { expect } from "vitest";
import { PhoneApp } from "./harness/phone-app.ts";
import { scenario } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";
import { WireTap } from "./harness/wire-tap.ts";
import { say, wording } from "./harness/words.ts";

const NOBODY = "nobody.has.this.handle";
const CLICKS = 20;
/** Two at once, then one every ten seconds. */
const HANDLE_LOOKUP = { burst: 2, refillMs: 10_000 };

scenario("twenty clicks are at most three requests, the button counts down, and opens again", async (world) => {
  const tap = await WireTap.open();
  world.atEnd(() => tap.close());
  const server = await world.startServer({ origin: tap.origin, limits: { requests: { handleLookup: HANDLE_LOOKUP } } });
  tap.forwardTo(server.port);
  const { page } = await PhoneApp.open(await (await world.phone()).page(), tap.origin);
  const phone = new PhoneApp(page);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  const asked = (): number => tap.sent.toString("latin1").split(NOBODY).length - 1;

  await page.evaluate(() => {
    const told: string[] = [];
    (window as unknown as { told: string[] }).told = told;
    new MutationObserver(() => {
      for (const region of document.querySelectorAll('dialog .visually-hidden[role="status"]')) {
        const text = region.textContent;
        if (text !== "" && told.at(-1) !== text) told.push(text);
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await page.getByRole("button", { name: say("newChat.title"), exact: true }).click();
  await page.getByLabel(say("newChat.handle")).fill(NOBODY);
  const button = page.getByRole("dialog").locator("form .button-wide");
  // The sheet has risen.
  await button.click({ trial: true });
  for (let click = 0; click < CLICKS; click++) {
    await until("the button is not busy", async () => (await button.getAttribute("aria-busy")) === null);
    await button.click({ force: true });
  }
  expect(asked()).toBeLessThanOrEqual(3);

  // The keyboard is no way around it, and loses no focus.
  await until("the button rests", async () => wording("action.waitSeconds").test(await button.innerText()));
  expect(await button.getAttribute("aria-disabled")).toBe("true");
  await button.focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Space");
  const first = await button.innerText();
  await until("it counts down", async () => (await button.innerText()) !== first);
  expect(await button.evaluate((node) => node === document.activeElement)).toBe(true);
  const before = asked();
  expect(before).toBeLessThanOrEqual(3);

  await page.getByRole("button", { name: say("newChat.find"), exact: true }).waitFor();
  await button.click();
  await page.getByText(say("newChat.missing")).waitFor();
  expect(asked()).toBe(before + 1);
  // Said when the wait begins and when it is over; not each second.
  const told = await page.evaluate(() => (window as unknown as { told: string[] }).told);
  expect(told.filter((text) => text === say("action.waitOver"))).toHaveLength(1);
  expect(told).toHaveLength(2);
});
