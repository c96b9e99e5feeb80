/** How far history has come is a picture; what a chat lacks is fetched from it; storage that runs out or will not last is said in place. */
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
  const fetchOlder = page.getByRole("button", { name: say("history.fetchFrom", { name: "Deniz" }) });
  await fetchOlder.click();
  await page.getByText(say("history.asked")).waitFor();

  // The chat itself says the same where its messages begin.
  await companion.chats.open("Deniz");
  await companion.chats.thread.hover();
  await until("the beginning says that more is to come", async () => {
    await companion.page.mouse.wheel(0, -5_000);
    return (await companion.page.getByText(say("chat.historyComing")).count()) > 0;
  });

  tap.release();
  await companion.goTo("history");
  await page.getByRole("heading", { name: say("history.whole") }).waitFor({ timeout: 60_000 });
  await until("no chat lacks anything", async () => (await fetchOlder.count()) === 0);
});

scenario("storage that is almost full is said on every page and explained in the settings", async (world) => {
  const server = await world.startServer();
  const { self, friend } = await startPair(world, server.url);
  const companion = await CompanionApp.open(await (await world.companion()).page(), server.url);
  await linkTo(companion, self);
  await companion.chats.open("mert");
  expect(await companion.page.getByText(say("storage.fullTitle")).count()).toBe(0);

  const session = await companion.page.context().newCDPSession(companion.page);
  const usage = await companion.page.evaluate(async () => (await navigator.storage.estimate()).usage ?? 0);
  await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(server.url).origin, quotaSize: usage + 5_000_000 });
  await companion.page.reload();
  await companion.page
    .getByRole("alert")
    .filter({ hasText: say("storage.fullTitle") })
    .waitFor();
  // It is a warning: writing goes on as long as there is room.
  await companion.chats.open("mert");
  await companion.chats.send(REAL_TEXTS[440]!);
  await friend.receives(REAL_TEXTS[440]!);
  await companion.goTo("settings");
  const meter = companion.page.getByRole("meter", { name: say("storage.room") });
  expect(Number(await meter.getAttribute("aria-valuenow"))).toBeGreaterThan(0);
  await companion.page.locator(".page").getByText(say("storage.fullText")).waitFor();

  await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(server.url).origin });
  await companion.page.reload();
  await companion.chats.isReady().catch(() => undefined);
  await until("nothing is said any more", async () => (await companion.page.getByText(say("storage.fullTitle")).count()) === 0);
});
