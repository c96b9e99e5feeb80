/**
 * The account has as many devices as it may have: the phone asks which one leaves, before anything else. The same
 * link goes on. Where that device is the last that works it is said, in Arabic as in English, on small and large screens.
 */
import { join } from "node:path";
import type { HawserClient } from "@hawser/sdk";
import { openNodeClient } from "@hawser/sdk/node";
import { MAX_COMPANIONS } from "@hawser/wire";
import { expect } from "vitest";
import { faultsOf } from "./harness/axe.ts";
import { CompanionApp } from "./harness/companion-app.ts";
import { SCREEN_SIZES } from "./harness/engines/screen-sizes.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { codeOnScreen } from "./harness/read-code.ts";
import { scenario, type World } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";
import { say, wording } from "./harness/words.ts";

async function linkTerminal(world: World, phone: PhoneApp, serverUrl: string, name: string): Promise<HawserClient> {
  const client = openNodeClient({ profileDir: join(world.folder, name), serverUrl });
  world.atEnd(() => client.close());
  await client.startLink({ deviceName: name, platform: "terminal" });
  await phone.pasteCode(await until("the code is made", async () => (await client.linkStatus())?.uri));
  await phone.confirmLink();
  return client;
}

scenario("an eleventh device: one is chosen that leaves, and nothing happens to the others", async (world) => {
  const server = await world.startServer();
  const phone = await PhoneApp.open(await (await world.phone()).page(), server.url);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  const clients = new Map<string, HawserClient>();
  for (let i = 1; i <= MAX_COMPANIONS; i++) clients.set(`terminal ${i}`, await linkTerminal(world, phone, server.url, `terminal ${i}`));

  const companion = await CompanionApp.open(await (await world.companion()).page(), server.url);
  await phone.pasteCode(await codeOnScreen(companion.page));
  await phone.page.getByText(say("approve.full")).waitFor();
  expect(await phone.matchCode()).toBe(await companion.matchCode());
  const replace = phone.page.getByRole("button", { name: say("approve.replace"), exact: true });
  expect(await replace.isDisabled()).toBe(true);
  expect(await phone.page.getByRole("radio").count()).toBe(MAX_COMPANIONS);
  await phone.page.getByRole("radio", { name: /^terminal 7\b/ }).click();
  await replace.click();
  await phone.acknowledgeLink();
  await companion.page.getByText(say("companion.linked")).waitFor();

  await until("the one that was chosen is signed out", async () => (await clients.get("terminal 7")!.state()).phase === "revoked");
  clients.delete("terminal 7");
  for (const [name, client] of clients) expect((await client.state()).connection.kind, name).toBe("online");

  // Now the new one is the only computer that is connected. Whoever wants to let it go for another one hears what that means.
  for (const client of clients.values()) await client.close();
  await phone.useLanguage("ar");
  const { page } = phone;
  const other = await (await world.companion({ name: "other" })).page();
  await page.goto(await codeOnScreen((await CompanionApp.open(other, server.url)).page));
  const sheet = page.getByRole("dialog");
  await sheet.getByText(say("approve.full", {}, "ar")).waitFor();
  expect(await sheet.getByRole("radio").count()).toBe(MAX_COMPANIONS);
  const [awayLongest, connected] = [sheet.getByRole("radio").first(), sheet.getByRole("radio").last()];
  await connected.click();
  const warning = sheet.getByRole("alert").filter({ hasText: wording("revoke.last", "ar") });
  await warning.waitFor();
  for (const [size, viewport] of Object.entries(SCREEN_SIZES)) {
    await page.setViewportSize(viewport);
    await warning.scrollIntoViewIfNeeded();
    expect(await faultsOf(page, `the limit, ${size}`)).toEqual([]);
    const { left, right, width } = await sheet.evaluate((dialog) => {
      const box = dialog.getBoundingClientRect();
      return { left: box.left, right: box.right, width: document.documentElement.scrollWidth };
    });
    expect([left >= 0, right <= viewport.width, width <= viewport.width]).toEqual([true, true, true]);
  }
  await awayLongest.click();
  await warning.waitFor({ state: "detached" });
  await sheet.getByRole("button", { name: say("approve.replace", {}, "ar"), exact: true }).click();
  await page.getByRole("heading", { name: say("approve.doneTitle", {}, "ar") }).waitFor();
  // The account speaks Arabic now, and so do its computers.
  for (const computer of [other, companion.page]) await computer.getByRole("navigation", { name: say("chats.title", {}, "ar") }).waitFor();
});
