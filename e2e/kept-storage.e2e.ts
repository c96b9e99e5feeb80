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
