/** One profile, several tabs; and profiles whose storage is not what it should be. */
import { expect } from "vitest";
import { CompanionApp } from "./harness/companion-app.ts";
import { linkTo, startPair } from "./harness/friend.ts";
import { REAL_TEXTS } from "./harness/real-texts.ts";
import { scenario } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";
import { NO_FILE_SYSTEM, NO_STORAGE, webRootWith } from "./harness/worker-world.ts";
import { say } from "./harness/words.ts";

scenario("two tabs: both write, one does the work, and the other takes over", async (world) => {
  const server = await world.startServer();
  const { self, friend } = await startPair(world, server.url);
  const profile = await world.companion();
  const first = await CompanionApp.open(await profile.page(), server.url);
  await linkTo(first, self);
  const second = await CompanionApp.open(await profile.context.newPage(), server.url);
  await second.chats.isReady();
  // Each tab begins to load an engine before it knows whether it needs one.
  await until("one tab runs the engine", () => first.page.workers().length + second.page.workers().length === 1);

  await first.chats.open("mert");
  await second.chats.open("mert");
  await second.chats.send(REAL_TEXTS[300]!);
  await friend.receives(REAL_TEXTS[300]!);
  await first.chats.sees(REAL_TEXTS[300]!);

  await first.page.close();
  await second.chats.send(REAL_TEXTS[301]!);
  await friend.receives(REAL_TEXTS[301]!);
  expect(second.page.workers()).toHaveLength(1);
  await friend.sends(REAL_TEXTS[302]!);
  await second.chats.sees(REAL_TEXTS[302]!);
  expect(friend.received).toEqual([REAL_TEXTS[300], REAL_TEXTS[301]]);
});

scenario("without a file system: works, survives a reload", async (world) => {
  const server = await world.startServer({ webRoot: webRootWith(NO_FILE_SYSTEM, world.folder) });
  const { self, friend } = await startPair(world, server.url);
  const profile = await world.companion();
  const companion = await CompanionApp.open(await profile.page(), server.url);
  await linkTo(companion, self);
  await companion.chats.open("mert");
  await companion.chats.send(REAL_TEXTS[310]!);
  await friend.receives(REAL_TEXTS[310]!);
  await companion.chats.showsStatus(REAL_TEXTS[310]!, "sent");
  await companion.page.reload();
  await companion.chats.sees(REAL_TEXTS[310]!);
  expect(await companion.page.evaluate(async () => (await indexedDB.databases()).length)).toBeGreaterThan(0);
});

scenario("with all storage denied: works, and says that nothing is kept", async (world) => {
  const server = await world.startServer({ webRoot: webRootWith(NO_STORAGE, world.folder) });
  const { self, friend } = await startPair(world, server.url);
  const profile = await world.companion();
  const companion = await CompanionApp.open(await profile.page(), server.url);
  await linkTo(companion, self);
  await companion.page.getByText(say("storage.memory")).waitFor();
  await companion.chats.open("mert");
  await companion.chats.send(REAL_TEXTS[320]!);
  await friend.receives(REAL_TEXTS[320]!);
});
