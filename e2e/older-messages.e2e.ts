/**
 * A companion that has only the newest messages of each chat, because its phone went off: the older ones are fetched chat by chat. It is
 * said where they are and what is waited for, also while the phone is off and after a reload; they come when it is there again.
 */
import { join } from "node:path";
import { openNodeClient } from "@hawser/sdk/node";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { faultsOf } from "./harness/axe.ts";
import { SERVER_GONE } from "./harness/chromium.ts";
import { CompanionApp } from "./harness/companion-app.ts";
import type { AppLocator } from "./harness/engines/app-page.ts";
import type { EngineName } from "./harness/engines/profile.ts";
import { type Friend, linkTo, startFriend } from "./harness/friend.ts";
import { REAL_TEXTS } from "./harness/real-texts.ts";
import { scenario, type World } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";
import { WireTap } from "./harness/wire-tap.ts";
import { fasterBy, webRootWith } from "./harness/worker-world.ts";
import { say } from "./harness/words.ts";

const UPLOADS = /^(PUT|PATCH) \/v1\/blobs\//;
/** More than the newest that a new device is handed at once. */
const MANY = 45;
/** Half a minute until another device is asked: eight seconds. A code lasts a minute: fifteen. */
const HASTE = 4;
const ENGINES: readonly EngineName[] = ["chromium", "firefox", "webkit"];
const CHATS = ["mert", "deniz"] as const;

interface Scene {
  readonly companion: CompanionApp;
  readonly texts: Readonly<Record<(typeof CHATS)[number], readonly string[]>>;
  readonly phoneIsBack: () => void;
}

async function linkTablet(world: World, serverUrl: string, self: Friend): Promise<void> {
  const tablet = openNodeClient({ profileDir: join(world.folder, "tablet"), serverUrl });
  world.atEnd(() => tablet.close());
  await tablet.startLink({ deviceName: "tablet", platform: "terminal" });
  await self.client.openLinkCode(await until("the code is made", async () => (await tablet.linkStatus())?.uri));
  const attempt = await until("they compare", async () => {
    const link = await self.client.linkStatus();
    return link?.stage === "comparing" ? link.attempt : undefined;
  });
  await self.client.approveLink(attempt);
  await until("the tablet has the newest", async () => (await tablet.conversations()).total === CHATS.length);
}

/** The phone is off, and what it had begun to hand over ended with the newest messages of two chats, on every companion. */
async function onlyTheNewest(world: World, engine: EngineName): Promise<Scene> {
  const tap = await WireTap.open();
  world.atEnd(() => tap.close());
  const server = await world.startServer({ origin: tap.origin, webRoot: webRootWith(fasterBy(HASTE), world.folder) });
  tap.forwardTo(server.port);
  const self = await startFriend(world, server.url, { handle: "elif", name: "Elif" });
  const texts = { mert: REAL_TEXTS.slice(400, 400 + MANY), deniz: REAL_TEXTS.slice(460, 460 + MANY) };
  for (const handle of CHATS) {
    const friend = await startFriend(world, server.url, { handle, name: handle });
    await self.opensChatWith(handle);
    for (const text of texts[handle]) await self.sends(text);
    await friend.receives(texts[handle].at(-1)!);
  }
  tap.hold(UPLOADS, 0);
  await linkTablet(world, server.url, self);
  const profile = await world.engine(engine, { name: "companion", screen: "desktop" });
  profile.expectFault(SERVER_GONE);
  const companion: CompanionApp = await CompanionApp.open(await profile.page(), server.url);
  await linkTo(companion, self);
  await companion.chats.waitForTitles(["deniz", "mert"]);
  await self.client.close();
  tap.release();
  const phoneIsBack = (): void => {
    const phone = openNodeClient({ profileDir: join(world.folder, "friend-elif"), serverUrl: server.url });
    world.atEnd(() => phone.close());
  };
  return { companion, texts, phoneIsBack };
}

const fetchOf = (companion: CompanionApp, name: string) =>
  companion.page.getByRole("button", { name: say("history.fetchFrom", { name }), exact: true });
const rowOf = (companion: CompanionApp, name: string) => companion.page.locator(".page").getByRole("listitem").filter({ hasText: name });

/** At the beginning of the open chat, far above: a message or what is said there. */
async function begins(companion: CompanionApp, words: string): Promise<void> {
  await companion.chats.thread.hover();
  await until(`the chat begins with “${words}”`, async () => {
    await companion.page.mouse.wheel(0, -20_000);
    return (await companion.chats.thread.getByText(words, { exact: true }).count()) > 0;
  });
}

/** What still moves (a list that scrolls, a page under a banner that comes) goes away under a finger: then it is pressed again. */
const pressesUntilSaid = (button: AppLocator, said: AppLocator): Promise<true> =>
  until("it is asked for", async () => {
    if (await button.isVisible()) await button.click({ timeout: 1_000 });
    return (await said.count()) > 0 || undefined;
  });

for (const engine of ENGINES) {
  scenario(
    `older messages of each chat are fetched in ${engine}, while the phone is off`,
    async (world) => {
      const { companion, texts, phoneIsBack } = await onlyTheNewest(world, engine);
      const { page } = companion;
      await companion.goTo("history");
      // What others have is here; nobody says that this is all.
      await page.getByRole("heading", { name: say("history.older") }).waitFor({ timeout: 60_000 });
      for (const name of CHATS) await rowOf(companion, name).getByText(say("history.older")).waitFor();

      await pressesUntilSaid(fetchOf(companion, "mert"), rowOf(companion, "mert").getByText(say("history.asked")));
      await rowOf(companion, "deniz").getByText(say("history.older")).waitFor();
      expect(await fetchOf(companion, "mert").count()).toBe(0);

      await companion.chats.open("deniz");
      await begins(companion, say("history.older"));
      const inChat = companion.chats.thread;
      await pressesUntilSaid(
        inChat.getByRole("button", { name: say("history.fetch"), exact: true }),
        inChat.getByText(say("history.asked")),
      );
      await page.reload();
      await companion.goTo("history");
      for (const name of CHATS) await rowOf(companion, name).getByText(say("history.asked")).waitFor();

      phoneIsBack();
      await page.getByRole("heading", { name: say("history.whole") }).waitFor({ timeout: 60_000 });
      for (const name of CHATS) {
        await companion.chats.open(name);
        await begins(companion, texts[name][0]!);
      }
    },
    [engine],
  );
}

scenario("with a keyboard alone, and nothing for a screen reader to stumble over", async (world) => {
  const { companion, texts, phoneIsBack } = await onlyTheNewest(world, "chromium");
  const page = companion.page as Page;
  await companion.goTo("history");
  await fetchOf(companion, "mert").waitFor({ timeout: 60_000 });
  expect(await faultsOf(page, "history, chats that lack messages")).toEqual([]);
  const tabTo = async (isThere: () => Promise<boolean>): Promise<void> => {
    for (let presses = 0; presses < 40 && !(await isThere()); presses++) await page.keyboard.press("Tab");
    expect(await isThere()).toBe(true);
  };
  const focused = (name: string) => async (): Promise<boolean> =>
    (await page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent)) === name;
  await tabTo(focused(say("history.fetchFrom", { name: "mert" })));
  await page.keyboard.press("Enter");
  await rowOf(companion, "mert").getByText(say("history.asked")).waitFor();
  expect(await faultsOf(page, "history, asked for")).toEqual([]);

  await companion.chats.open("deniz");
  await begins(companion, say("history.older"));
  expect(await faultsOf(page, "the beginning of what is here")).toEqual([]);
  await tabTo(focused(say("history.fetch")));
  await page.keyboard.press("Enter");
  await companion.chats.thread.getByText(say("history.asked")).waitFor();
  phoneIsBack();
  await begins(companion, texts.deniz[0]!);
});
