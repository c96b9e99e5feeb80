/**
 * The same losses in the engines that keep things otherwise: Firefox, with its file system, and WebKitGTK, which has none and mirrors its
 * database to IndexedDB. Healed with the keys kept where one place of two is left, else given back with one approval, and no new device.
 */
import { expect } from "vitest";
import { CompanionApp } from "./harness/companion-app.ts";
import type { AppPage } from "./harness/engines/app-page.ts";
import type { EngineName } from "./harness/engines/profile.ts";
import { type Friend, linkTo, startPair } from "./harness/friend.ts";
import { clearStores, leaveApp, overwriteBlocks, overwritePages } from "./harness/page-storage.ts";
import { REAL_TEXTS } from "./harness/real-texts.ts";
import { scenario, type World } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";

const MIRROR = "hawser-companion";

interface Scene {
  readonly url: string;
  readonly self: Friend;
  readonly friend: Friend;
  readonly page: AppPage;
  readonly open: () => Promise<CompanionApp>;
}

async function closedCompanion(world: World, engine: EngineName): Promise<Scene> {
  const server = await world.startServer();
  const { self, friend } = await startPair(world, server.url);
  const profile = await world.engine(engine, { name: "companion", screen: "desktop" });
  profile.expectFault(/favicon/);
  const page = await profile.page();
  const open = (): Promise<CompanionApp> => CompanionApp.open(page, server.url);
  const companion = await open();
  await linkTo(companion, self);
  await companion.chats.open("mert");
  await companion.chats.send(REAL_TEXTS[400]!);
  await friend.receives(REAL_TEXTS[400]!);
  await until("the phone can give it back", async () => (await self.client.devices()).some(({ restorable }) => restorable));
  await leaveApp(page, server.url);
  return { url: server.url, self, friend, page, open };
}

const listed = async ({ self }: Scene) => (await self.client.devices()).map(({ device, addedAtMs }) => [device, addedAtMs]);

/** Chats are there, and messages go both ways. */
async function isWhole(scene: Scene, companion: CompanionApp, from: number): Promise<void> {
  await companion.chats.isReady();
  await companion.chats.open("mert");
  await companion.chats.sees(REAL_TEXTS[400]!);
  await companion.chats.send(REAL_TEXTS[from]!);
  await scene.friend.receives(REAL_TEXTS[from]!);
  await scene.friend.sends(REAL_TEXTS[from + 1]!);
  await companion.chats.sees(REAL_TEXTS[from + 1]!);
}

interface Loss {
  readonly what: string;
  readonly lose: (page: AppPage) => Promise<void>;
}

const LOSSES: Readonly<Partial<Record<EngineName, readonly Loss[]>>> = {
  firefox: [
    { what: "the file system is cleared", lose: (page) => clearStores(page, ["files"]) },
    {
      what: "pages of the database are noise",
      lose: async (page) => expect(await overwritePages(page, "/hawser.db", 20, 6)).toBeGreaterThan(30),
    },
    {
      what: "the whole database is noise",
      lose: async (page) => expect(await overwritePages(page, "/hawser.db", 0, 100_000)).toBeGreaterThan(30),
    },
  ],
  webkit: [
    {
      what: "the mirror in IndexedDB is gone, beside it the keys are left",
      lose: (page) => clearStores(page, ["databases"], [MIRROR]),
    },
    {
      what: "blocks of the mirror are noise",
      lose: async (page) => expect(await overwriteBlocks(page, MIRROR, 5, 2)).toBeGreaterThan(8),
    },
    {
      what: "the whole mirror is noise",
      lose: async (page) => expect(await overwriteBlocks(page, MIRROR, 0, 100_000)).toBeGreaterThan(8),
    },
  ],
};

for (const [engine, losses] of Object.entries(LOSSES) as [EngineName, readonly Loss[]][]) {
  scenario(
    `${engine}: one loss after the other, and each time the keys are kept`,
    async (world) => {
      const scene = await closedCompanion(world, engine);
      const before = await listed(scene);
      for (const [index, { lose }] of losses.entries()) {
        // Opened and left once more: what stood in the log stands in the database.
        await (await scene.open()).chats.open("mert");
        await leaveApp(scene.page, scene.url);
        await lose(scene.page);
        await isWhole(scene, await scene.open(), 401 + index * 2);
        await leaveApp(scene.page, scene.url);
      }
      expect(await listed(scene)).toEqual(before);
    },
    [engine],
  );

  scenario(
    `${engine}: everything is cleared; a code, one approval on the phone, and it is the device that it was`,
    async (world) => {
      const scene = await closedCompanion(world, engine);
      const before = await listed(scene);
      await clearStores(scene.page, ["marks", "databases", "files"]);
      const companion = await scene.open();
      await companion.codeIsShown();
      const { attempt } = await scene.self.opensCodeOf(companion);
      await scene.self.client.approveLink(attempt, { restore: 2 as never });
      await isWhole(scene, companion, 411);
      expect(await listed(scene)).toEqual(before);
    },
    [engine],
  );
}
