/** How far history has come is a picture, for each chat too; storage that is full is said in place, and nothing is lost by it. */
import { expect } from "vitest";
import { SERVER_GONE } from "./harness/chromium.ts";
import { CompanionApp } from "./harness/companion-app.ts";
import { linkTo, startPair } from "./harness/friend.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { codeOnScreen } from "./harness/read-code.ts";
import { chatExport, REAL_TEXTS } from "./harness/real-texts.ts";
import { scenario } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";
import { WireTap } from "./harness/wire-tap.ts";
import { say, wording } from "./harness/words.ts";

const HISTORY_CHUNK = /^GET \/v1\/blobs\//;
const MANY = 2_600;

scenario("history that is held back shows how far it is and which chats lack what; then everything is here", async (world) => {
  const tap = await WireTap.open();
  world.atEnd(() => tap.close());
  const server = await world.startServer({ origin: tap.origin });
  tap.forwardTo(server.port);
  const phone = await PhoneApp.open(await (await world.phone()).page(), server.url);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  const deniz = chatExport({ self: "Elif Kaya", other: "Deniz", count: MANY });
  await phone.importChat(deniz, "Elif Kaya");

  const profile = await world.companion();
  profile.expectFault(SERVER_GONE);
  const companion = await CompanionApp.open(await profile.page(), server.url);
  tap.hold(HISTORY_CHUNK, 1);
  await phone.pasteCode(await codeOnScreen(companion.page));
  await phone.confirmLink();
  await companion.chats.waitForTitles(["Deniz"]);
  await until("a part has come", async () => ((await companion.historyShare()) ?? 0) > 0);

  await companion.page.getByRole("link", { name: say("history.receiving") }).click();
  await companion.page.getByRole("heading", { name: say("history.title"), level: 1 }).waitFor();
  const page = companion.page.locator(".page");
  const share = Number(await page.getByRole("progressbar").getAttribute("aria-valuenow"));
  expect(share).toBeGreaterThan(0);
  expect(share).toBeLessThan(100);
  await page.getByText(wording("history.chatsWhole")).waitFor();
  const lacking = page.getByRole("listitem").filter({ hasText: "Deniz" });
  await lacking.getByText(say("chat.historyComing")).waitFor();

  // The chat itself says the same where its messages begin.
  await companion.chats.open("Deniz");
  await companion.chats.thread.hover();
  await until(
    "the beginning says that more is to come",
    async () => {
      await companion.page.mouse.wheel(0, 300);
      await companion.page.mouse.wheel(0, -20_000);
      return (await companion.page.getByText(say("chat.historyComing")).count()) > 0;
    },
    60_000,
  );

  tap.release();
  await companion.goTo("history");
  await page.getByRole("heading", { name: say("history.whole") }).waitFor({ timeout: 60_000 });
  await until("no chat lacks anything", async () => (await lacking.count()) === 0);
});

scenario("storage that is full: said on every page, what was written stays, and goes out once there is room", async (world) => {
  const server = await world.startServer();
  const { self, friend } = await startPair(world, server.url);
  const companion = await CompanionApp.open(await (await world.companion()).page(), server.url);
  const { page } = companion;
  await linkTo(companion, self);
  await companion.chats.open("mert");
  const origin = new URL(server.url).origin;
  const session = await page.context().newCDPSession(page);
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1_000_000 });
  await page
    .locator('.composer input[type="file"]')
    .setInputFiles({ name: "plan.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(6_000_000, 7) });
  await companion.chats.enter(REAL_TEXTS[440]!);
  const banner = page.getByRole("alert").filter({ hasText: say("storage.fullTitle") });
  await banner.waitFor();
  expect(await companion.chats.composer.inputValue()).toBe(REAL_TEXTS[440]);
  await companion.goTo("settings");
  await page.locator(".page").getByText(say("storage.fullText")).waitFor();
  await banner.waitFor();

  await session.send("Storage.overrideQuotaForOrigin", { origin });
  await companion.chats.open("mert");
  expect(await companion.chats.composer.inputValue()).toBe(REAL_TEXTS[440]);
  await page.getByRole("button", { name: say("composer.send") }).click();
  await friend.receives(REAL_TEXTS[440]!);
  await banner.waitFor({ state: "detached" });
});
