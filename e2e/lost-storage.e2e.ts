/** A browser loses what it kept, one store after the other: each is healed with the keys kept, or given back with one approval. */
import { expect } from "vitest";
import type { Page } from "playwright-core";
import { faultsOf } from "./harness/axe.ts";
import { CompanionApp } from "./harness/companion-app.ts";
import { type Friend, linkTo, startPair } from "./harness/friend.ts";
import { overwritePages } from "./harness/page-storage.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { REAL_TEXTS } from "./harness/real-texts.ts";
import { scenario, type World } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";
import { say } from "./harness/words.ts";

type Store = "cookies" | "local_storage" | "indexeddb" | "file_systems" | "cache_storage";

interface Scene {
  readonly url: string;
  readonly self: Friend;
  readonly friend: Friend;
  /** A page of the app's origin without the app, so that nobody holds its files. */
  readonly outside: Page;
  open(): Promise<CompanionApp<Page>>;
}

/** A linked companion with a chat, closed again. */
async function closedCompanion(world: World): Promise<Scene> {
  const server = await world.startServer();
  const { self, friend } = await startPair(world, server.url);
  const profile = await world.companion();
  // A picture is no page: the browser asks for its icon.
  profile.expectFault(/favicon/);
  const page = await profile.page();
  const companion = await CompanionApp.open(page, server.url);
  await linkTo(companion, self);
  await companion.chats.open("mert");
  await companion.chats.send(REAL_TEXTS[400]!);
  await friend.receives(REAL_TEXTS[400]!);
  await until("the phone can give it back", async () => (await self.client.devices()).some(({ restorable }) => restorable));
  await page.goto(`${server.url}/icon-180.png`);
  return { url: server.url, self, friend, outside: page, open: () => CompanionApp.open(page, server.url) };
}

async function clear({ outside, url }: Scene, ...stores: readonly Store[]): Promise<void> {
  const session = await outside.context().newCDPSession(outside);
  await session.send("Storage.clearDataForOrigin", { origin: new URL(url).origin, storageTypes: stores.join(",") });
  await session.detach();
}

/** Without any code on any screen: chats are there, and messages go both ways. */
async function isWhole(scene: Scene, companion: CompanionApp, texts: readonly [string, string]): Promise<void> {
  await companion.chats.isReady();
  await companion.chats.open("mert");
  await companion.chats.sees(REAL_TEXTS[400]!);
  await companion.chats.send(texts[0]);
  await scene.friend.receives(texts[0]);
  await scene.friend.sends(texts[1]);
  await companion.chats.sees(texts[1]);
  expect((await scene.self.client.devices()).map(({ device }) => device)).toEqual([1, 2]);
  expect(scene.friend.received.filter((text) => text === REAL_TEXTS[400] || text === texts[0])).toEqual([REAL_TEXTS[400], texts[0]]);
}

/** Opened and left once more: what stood in the log stands in the database. */
async function settle(scene: Scene): Promise<void> {
  const companion = await scene.open();
  await companion.chats.open("mert");
  await companion.chats.sees(REAL_TEXTS[400]!);
  await scene.outside.goto(`${scene.url}/icon-180.png`);
}

scenario("cookies, local storage and caches are cleared: nobody notices", async (world) => {
  const scene = await closedCompanion(world);
  await clear(scene, "cookies", "local_storage", "cache_storage");
  await isWhole(scene, await scene.open(), [REAL_TEXTS[401]!, REAL_TEXTS[402]!]);
});

scenario("the file system is cleared: the keys are kept, the chats come back from the phone", async (world) => {
  const scene = await closedCompanion(world);
  await clear(scene, "file_systems");
  await isWhole(scene, await scene.open(), [REAL_TEXTS[403]!, REAL_TEXTS[404]!]);
});

scenario("IndexedDB is cleared, then the file system: each time the other one heals it", async (world) => {
  const scene = await closedCompanion(world);
  await clear(scene, "indexeddb");
  const companion = await scene.open();
  await isWhole(scene, companion, [REAL_TEXTS[405]!, REAL_TEXTS[406]!]);
  await scene.outside.goto(`${scene.url}/icon-180.png`);
  await clear(scene, "file_systems");
  const again = await scene.open();
  await again.chats.open("mert");
  await again.chats.sees(REAL_TEXTS[400]!);
  await again.chats.sees(REAL_TEXTS[406]!);
  expect((await scene.self.client.devices()).map(({ device }) => device)).toEqual([1, 2]);
});

scenario("pages of the database are overwritten: what can be read is kept, the rest comes back", async (world) => {
  const scene = await closedCompanion(world);
  await settle(scene);
  const pages = await overwritePages(scene.outside, "/hawser.db", 20, 6);
  expect(pages).toBeGreaterThan(30);
  await isWhole(scene, await scene.open(), [REAL_TEXTS[407]!, REAL_TEXTS[408]!]);
});

scenario("the log of the database is cut off: an older copy finds itself out, and nothing is lost", async (world) => {
  const scene = await closedCompanion(world);
  await settle(scene);
  const companion = await scene.open();
  await companion.chats.open("mert");
  await companion.chats.send(REAL_TEXTS[413]!);
  await scene.friend.receives(REAL_TEXTS[413]!);
  await companion.chats.showsStatus(REAL_TEXTS[413]!, "sent");
  await scene.outside.goto(`${scene.url}/icon-180.png`);
  await overwritePages(scene.outside, "/hawser.db-wal", 0, 100_000);
  const again = await scene.open();
  await isWhole(scene, again, [REAL_TEXTS[414]!, REAL_TEXTS[415]!]);
  await again.chats.sees(REAL_TEXTS[413]!);
  expect(scene.friend.received.filter((text) => text === REAL_TEXTS[413])).toHaveLength(1);
});

scenario("the whole database is noise: the keys are kept", async (world) => {
  const scene = await closedCompanion(world);
  await settle(scene);
  expect(await overwritePages(scene.outside, "/hawser.db", 0, 100_000)).toBeGreaterThan(30);
  await isWhole(scene, await scene.open(), [REAL_TEXTS[409]!, REAL_TEXTS[410]!]);
});

scenario("everything is cleared: a code, one approval on the phone, and it is the device that it was", async (world) => {
  const scene = await closedCompanion(world);
  const listed = (await scene.self.client.devices()).map(({ device, addedAtMs }) => [device, addedAtMs]);
  await clear(scene, "cookies", "local_storage", "cache_storage", "indexeddb", "file_systems");
  const companion = await scene.open();
  await companion.codeIsShown();
  const { attempt } = await scene.self.opensCodeOf(companion);
  await scene.self.client.approveLink(attempt, { restore: 2 as never });
  await isWhole(scene, companion, [REAL_TEXTS[411]!, REAL_TEXTS[412]!]);
  expect((await scene.self.client.devices()).map(({ device, addedAtMs }) => [device, addedAtMs])).toEqual(listed);
});

scenario("the file system is cleared under the open app: a phone hears what is true of a phone, and a reload heals it", async (world) => {
  const server = await world.startServer();
  const profile = await world.phone();
  const phone = await PhoneApp.open(await profile.page(), server.url);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  const session = await profile.context.newCDPSession(phone.page);
  await session.send("Storage.clearDataForOrigin", { origin: server.url, storageTypes: "file_systems" });
  const trouble = phone.page.getByRole("alert").filter({ hasText: say("trouble.lostTitle") });
  await trouble.waitFor();
  expect(await faultsOf(phone.page, "data was cleared")).toEqual([]);
  expect(await trouble.innerText()).toContain(say("trouble.lostPhone"));
  expect(await trouble.innerText()).not.toContain(say("trouble.lostCompanion"));
  await trouble.getByRole("button", { name: say("trouble.reload"), exact: true }).click();
  await phone.page.getByText(say("notice.storeLostPhone")).waitFor();
  expect(await phone.deviceCount()).toBe(1);
});
