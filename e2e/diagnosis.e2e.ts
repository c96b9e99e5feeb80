/** "Is it me or the server?" in a browser: with an account and without, while the server is gone, with storage denied, and before signing out. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { CompanionApp } from "./harness/companion-app.ts";
import { linkTo, startPair } from "./harness/friend.ts";
import { scenario } from "./harness/scenario.ts";
import { NO_STORAGE, webRootWith } from "./harness/worker-world.ts";
import { say } from "./harness/words.ts";

interface Shown {
  readonly page: Page;
}
const verdict = ({ page }: Shown) => page.getByRole("status").filter({ has: page.getByRole("heading", { level: 2 }) });
const says = async (shown: Shown, whose: string, cause: string): Promise<void> => {
  await verdict(shown).getByRole("heading", { name: whose }).waitFor();
  expect(await verdict(shown).innerText()).toContain(cause);
};

scenario("without an account, by its own address: all is well; then the server goes, and it is not said to be us", async (world) => {
  const server = await world.startServer();
  const profile = await world.companion();
  const page = await profile.page();
  await page.goto(`${server.url}/`);
  await page.getByRole("img", { name: say("link.qrLabel") }).waitFor();
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.goto(`${server.url}/diagnosis`);
  await says({ page }, say("whose.nobody"), say("cause.ALL_WELL"));
  await page.getByText(say("diagnosis.facts")).click();
  await page.getByText(say("fact.socket.greeted")).waitFor();

  profile.expectFault(/Failed to load resource|WebSocket connection|net::ERR/);
  await server.kill();
  await page.getByRole("button", { name: say("diagnosis.again") }).click();
  await says({ page }, say("whose.cannot-tell"), say("cause.NO_ANSWER"));
  // The page itself comes from this browser: it opens without any server.
  await page.reload();
  await says({ page }, say("whose.cannot-tell"), say("cause.NO_ANSWER"));
  await profile.context.setOffline(true);
  await page.getByRole("button", { name: say("diagnosis.again") }).click();
  await says({ page }, say("whose.network"), say("cause.NO_NETWORK"));
});

scenario("a linked companion: reached from settings, and its report holds nothing of anybody", async (world) => {
  const server = await world.startServer();
  const { self } = await startPair(world, server.url);
  const profile = await world.companion();
  const companion = await CompanionApp.open(await profile.page(), server.url);
  await linkTo(companion, self);
  const { page } = companion;
  await profile.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: server.url });
  await companion.goTo("settings");
  await page.getByRole("button", { name: say("diagnosis.title") }).click();
  await says({ page }, say("whose.nobody"), say("cause.ALL_WELL"));
  await page.getByText(say("diagnosis.facts")).click();
  await page.getByText(say("fact.device.member")).waitFor();
  await page.getByText(say("fact.session.online")).waitFor();
  await page.getByRole("button", { name: say("diagnosis.copy") }).click();
  const report = await page.evaluate(() => navigator.clipboard.readText());
  expect(report).toMatch(/^Hawser \d+\.\d+\.\d+ \(web\)/);
  for (const secret of ["mert", "elif", "127.0.0.1", String(server.port), "Chromium"]) expect(report).not.toContain(secret);
});

scenario("with all storage denied it is this device, and what does not last is said", async (world) => {
  const server = await world.startServer({ webRoot: webRootWith(NO_STORAGE, world.folder) });
  const profile = await world.companion();
  const page = await profile.page();
  await page.goto(`${server.url}/diagnosis?face=companion`);
  await says({ page }, say("whose.me"), say("cause.STORAGE_FLEETING"));
  await page.getByText(say("step.LASTING_PLACE")).waitFor();
  expect(await page.getByText(say("step.LINK_AGAIN")).count()).toBe(0);
});

scenario("signing out warns; without another device that is connected it warns more, and asks first", async (world) => {
  const server = await world.startServer();
  const { self } = await startPair(world, server.url);
  const profile = await world.companion();
  const companion = await CompanionApp.open(await profile.page(), server.url);
  await linkTo(companion, self);
  const { page } = companion;
  const open = async (): Promise<void> => {
    await companion.goTo("settings");
    await page.getByRole("button", { name: say("wipe.action") }).click();
    await page.getByText(say("wipe.loses")).waitFor();
  };
  const confirm = page.getByRole("button", { name: say("wipe.confirm") });
  await open();
  await page.getByText(say("wipe.last")).waitFor({ state: "detached" });
  expect(await confirm.isEnabled()).toBe(true);
  await page.getByRole("button", { name: say("action.cancel") }).click();

  await self.client.close();
  await companion.goTo("chats");
  await open();
  await page.getByText(say("wipe.last")).waitFor();
  expect(await confirm.isDisabled()).toBe(true);
  await page.getByText(say("wipe.lastKnown")).click();
  expect(await confirm.isEnabled()).toBe(true);
  await page.getByRole("button", { name: say("action.cancel") }).click();
  await companion.goTo("chats");
  await companion.chats.isReady();
});
