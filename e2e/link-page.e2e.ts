/** The page with the code: drawn before any server answers, refreshed in place, paused when nobody comes, in every language. */
import { expect } from "vitest";
import { SERVER_GONE } from "./harness/chromium.ts";
import { CompanionApp } from "./harness/companion-app.ts";
import { linkTo, startFriend } from "./harness/friend.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { codeOnScreen } from "./harness/read-code.ts";
import { scenario } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";
import { fasterBy, webRootWith } from "./harness/worker-world.ts";
import { CATALOGUES, type Language, say } from "./harness/words.ts";

/** One minute to a code, six codes to a pause: half a minute instead of six. */
const HASTE = 30;

scenario("the code is on the screen although the server does not answer, and works when it does", async (world) => {
  const server = await world.startServer();
  const self = await startFriend(world, server.url, { handle: "elif", name: "Elif" });
  const profile = await world.companion();
  profile.expectFault(SERVER_GONE);
  const page = await profile.page();
  await page.goto(server.url);
  await until("the app is kept for later", () =>
    page.evaluate(() => navigator.serviceWorker.controller !== null || navigator.serviceWorker.ready.then(() => true)),
  );
  server.freeze();
  await page.reload();
  const early = await codeOnScreen(page, undefined, 5_000);
  expect(early.startsWith(`${server.url}/link#1.`)).toBe(true);
  server.thaw();
  await linkTo(CompanionApp.on(page), self);
});

scenario("codes change in place, pause after a while, and go on when asked", async (world) => {
  const server = await world.startServer({ webRoot: webRootWith(fasterBy(HASTE), world.folder) });
  const profile = await world.companion();
  const companion = await CompanionApp.open(await profile.page(), server.url);
  await companion.page.evaluate(() => ((window as { stillHere?: boolean }).stillHere = true));
  const seen = [await codeOnScreen(companion.page)];
  for (let round = 0; round < 2; round++) seen.push(await codeOnScreen(companion.page, seen.at(-1)));
  expect(new Set(seen).size).toBe(3);
  await companion.isPaused(40_000);
  await companion.resume();
  expect(seen).not.toContain(await codeOnScreen(companion.page, seen.at(-1)));
  expect(await companion.page.evaluate(() => (window as { stillHere?: boolean }).stillHere)).toBe(true);
});

scenario("every language, and Arabic from right to left", async (world) => {
  const server = await world.startServer();
  const profile = await world.companion();
  const page = await profile.page();
  for (const language of Object.keys(CATALOGUES) as Language[]) {
    await page.goto(server.url);
    await page.getByRole("combobox").first().selectOption(language);
    await page.getByRole("heading", { name: say("link.title", {}, language) }).waitFor();
    await page.getByRole("img", { name: say("link.qrLabel", {}, language) }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe(language);
    expect(await page.locator("html").getAttribute("dir")).toBe(language === "ar" ? "rtl" : "ltr");
  }
  const phone = await PhoneApp.open(await (await world.phone({ locale: "tr-TR" })).page(), server.url);
  expect(await phone.page.locator("html").getAttribute("lang")).toBe("tr");
});
