/** Everybody can use it: no serious fault by axe's rules on any screen, chats by keyboard alone, and nothing moves while it loads. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { faultsOf } from "./harness/axe.ts";
import { CompanionApp } from "./harness/companion-app.ts";
import { linkTo, startFriend } from "./harness/friend.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { chatExport, REAL_TEXTS } from "./harness/real-texts.ts";
import { scenario } from "./harness/scenario.ts";
import { say } from "./harness/words.ts";

const LARGEST_SHIFT = 0.02;
const PLACES = {
  phone: ["chats", "contacts", "devices", "settings", "import", "recovery", "my-code", "move", "history"],
  companion: ["chats", "contacts", "devices", "settings", "my-code", "history"],
} as const;

/** The sum of layout shifts that no input caused, since the page began. */
async function watchShifts(page: Page): Promise<() => Promise<number>> {
  await page.addInitScript(() => {
    const total = { value: 0 };
    (window as unknown as { shifts: typeof total }).shifts = total;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as unknown as { value: number; hadRecentInput: boolean }[]) {
        if (!entry.hadRecentInput) total.value += entry.value;
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  return () => page.evaluate(() => (window as unknown as { shifts: { value: number } }).shifts.value);
}

scenario("every screen of phone and companion, light and dark", async (world) => {
  const server = await world.startServer();
  const faults: string[] = [];
  const phone = await PhoneApp.open(await (await world.phone()).page(), server.url);
  faults.push(...(await faultsOf(phone.page, "welcome")));
  await phone.showMoveCode();
  faults.push(...(await faultsOf(phone.page, "a code for the old phone")));
  await phone.page.getByRole("button", { name: say("action.back"), exact: true }).click();
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  faults.push(...(await faultsOf(phone.page, "no chats yet")));
  await phone.importChat(chatExport({ self: "Elif Kaya", other: "Deniz", count: 120 }), "Elif Kaya");
  const companion = await CompanionApp.open(await (await world.companion()).page(), server.url);
  await companion.codeIsShown();
  faults.push(...(await faultsOf(companion.page, "link page")));
  await phone.startScan();
  faults.push(...(await faultsOf(phone.page, "scan")));
  await world.camera.pointAt(companion.page, () => phone.matchCode());
  await companion.matchCode();
  faults.push(...(await faultsOf(phone.page, "compare, phone")), ...(await faultsOf(companion.page, "compare, companion")));
  await phone.confirmLink();
  await companion.chats.waitForTitles(["Deniz"]);
  for (const [name, app] of [
    ["phone", phone],
    ["companion", companion],
  ] as const) {
    for (const place of PLACES[name]) {
      await app.goTo(place);
      faults.push(...(await faultsOf(app.page, `${name}, ${place}`)));
    }
    await app.goTo("chats");
    await app.chats.open("Deniz");
    faults.push(...(await faultsOf(app.page, `${name}, chat`)));
    await app.chats.search("the");
    faults.push(...(await faultsOf(app.page, `${name}, search`)));
  }
  expect([...new Set(faults)]).toEqual([]);
});

scenario("a chat by keyboard alone, and nothing shifts while chats load", async (world) => {
  const server = await world.startServer();
  const self = await startFriend(world, server.url, { handle: "elif", name: "Elif" });
  const friend = await startFriend(world, server.url, { handle: "mert", name: "Mert" });
  await self.opensChatWith("mert");
  for (const text of REAL_TEXTS.slice(400, 440)) await self.sends(text);
  const page = await (await world.companion()).page();
  const shifted = await watchShifts(page);
  const companion = await CompanionApp.open(page, server.url);
  await page.getByText(say("link.ready")).waitFor();
  expect(await shifted()).toBeLessThanOrEqual(LARGEST_SHIFT);
  await linkTo(companion, self);
  await companion.chats.waitForTitles(["mert"]);

  await page.reload();
  await companion.chats.waitForTitles(["mert"]);
  const isRow = (): Promise<boolean> => companion.chats.row("mert").evaluate((row) => row === document.activeElement);
  for (let presses = 0; presses < 30 && !(await isRow()); presses++) await page.keyboard.press("Tab");
  expect(await isRow()).toBe(true);
  await page.keyboard.press("Enter");
  await companion.chats.thread.waitFor();
  const isComposer = (): Promise<boolean> => companion.chats.composer.evaluate((box) => box === document.activeElement);
  for (let presses = 0; presses < 30 && !(await isComposer()); presses++) await page.keyboard.press("Tab");
  await page.keyboard.type("one line");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("and another");
  await page.keyboard.press("Enter");
  await friend.receives("one line\nand another");
  await page.keyboard.press("Control+K");
  const word = REAL_TEXTS[405]!.split(" ").find((part) => /^[a-z]{4,}$/.test(part))!;
  await page.keyboard.type(word);
  await page
    .getByRole("region", { name: say("search.results") })
    .getByRole("button")
    .first()
    .waitFor();
  expect(await shifted()).toBeLessThanOrEqual(LARGEST_SHIFT);
});
