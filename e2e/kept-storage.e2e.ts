/** Storage that the browser has not promised to keep: asked for when there is something to lose, and never called lasting. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { CompanionApp } from "./harness/companion-app.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { codeOnScreen } from "./harness/read-code.ts";
import { scenario } from "./harness/scenario.ts";
import { say } from "./harness/words.ts";

/** Counts how often the page asks; what the browser answers stays its own. */
const countAsking = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    const persist = StorageManager.prototype.persist;
    StorageManager.prototype.persist = function (this: StorageManager) {
      sessionStorage.setItem("asked", String(Number(sessionStorage.getItem("asked") ?? 0) + 1));
      return persist.call(this);
    };
  });
const asked = (page: Page): Promise<string | null> => page.evaluate(() => sessionStorage.getItem("asked"));

scenario(
  "a phone asks when it has an account, a companion at the end of its link, each once; settings and diagnosis say what is so",
  async (world) => {
    const server = await world.startServer();
    const [phonePage, page] = [await (await world.phone()).page(), await (await world.companion()).page()];
    await countAsking(phonePage);
    await countAsking(page);
    const phone = await PhoneApp.open(phonePage, server.url);
    expect(await asked(phonePage)).toBeNull();
    await phone.signUp({ handle: "elif", name: "Elif Kaya" });
    expect(await asked(phonePage)).toBe("1");

    const companion = await CompanionApp.open(page, server.url);
    await phone.pasteCode(await codeOnScreen(page));
    expect(await asked(page)).toBeNull();
    await phone.confirmLink();
    await page.getByText(say("companion.linked")).waitFor();
    expect(await asked(page)).toBe("1");
    await page.reload();
    await companion.chats.list.waitFor();
    expect(await asked(page)).toBe("1");

    // A browser without a person's trust keeps things as long as it likes.
    expect(await page.evaluate(() => navigator.storage.persisted())).toBe(false);
    await companion.goTo("settings");
    await page.getByText(say("fact.storage.best-effort")).waitFor();
    await page.getByRole("button", { name: say("storage.keep"), exact: true }).waitFor();
    await page.getByRole("button", { name: say("diagnosis.title") }).click();
    await page.getByText(say("cause.ALL_WELL")).waitFor();
    await page.getByText(say("diagnosis.facts")).click();
    await page.getByText(say("fact.storage.best-effort")).waitFor();
  },
);

const saysBestEffort = async (phone: PhoneApp<Page>): Promise<void> => {
  await phone.goTo("settings");
  await phone.page.getByText(say("fact.storage.best-effort")).waitFor();
  await phone.page.getByRole("button", { name: say("storage.keep"), exact: true }).waitFor();
};

scenario("a new phone asks when the account has come over, and one that a recovery code brought back when it is there", async (world) => {
  const server = await world.startServer();
  const old = await PhoneApp.open(await (await world.phone()).page(), server.url);
  await old.signUp({ handle: "elif", name: "Elif Kaya" });
  await old.goTo("recovery");
  await old.page.getByRole("button", { name: say("recovery.create"), exact: true }).click();
  await old.page.locator(".recovery-code").waitFor();
  const code = (await old.page.locator(".recovery-code span").allInnerTexts()).join("-");
  await old.page.getByRole("button", { name: say("recovery.done"), exact: true }).click();

  const freshPage = await (await world.companion({ name: "new", screen: "phone" })).page();
  await countAsking(freshPage);
  const fresh = await PhoneApp.open(freshPage, server.url);
  await fresh.showMoveCode();
  await old.readMoveCode(await codeOnScreen(freshPage));
  expect(await asked(freshPage)).toBeNull();
  await old.page.getByRole("button", { name: say("approve.moveConfirm"), exact: true }).click();
  await old.page.getByRole("heading", { name: say("approve.movedTitle") }).waitFor();
  await freshPage.getByText(say("move.whole")).waitFor();
  expect(await asked(freshPage)).toBe("1");
  await fresh.finishMove();
  await saysBestEffort(fresh);

  const restoredPage = await (await world.companion({ name: "restored", screen: "phone" })).page();
  await countAsking(restoredPage);
  const restored = await PhoneApp.open(restoredPage, server.url);
  await restoredPage.getByRole("button", { name: say("welcome.restore"), exact: true }).click();
  await restoredPage.getByLabel(say("signUp.handle"), { exact: true }).fill("elif");
  await restoredPage.getByLabel(say("restore.code"), { exact: true }).fill(code);
  expect(await asked(restoredPage)).toBeNull();
  await restoredPage.getByRole("button", { name: say("restore.action"), exact: true }).click();
  await restored.chats.list.waitFor();
  expect(await asked(restoredPage)).toBe("1");
  await saysBestEffort(restored);
});
