/** Tabs are closed and servers die in the worst moments: nothing is lost, nothing comes twice, nobody is signed out. */
import { expect } from "vitest";
import { SERVER_GONE } from "./harness/chromium.ts";
import { CompanionApp } from "./harness/companion-app.ts";
import { linkTo, startFriend } from "./harness/friend.ts";
import { REAL_TEXTS } from "./harness/real-texts.ts";
import { scenario } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";

const BURST = 25;

scenario("a tab closed in mid-send: every message arrives exactly once", async (world) => {
  const server = await world.startServer();
  const profile = await world.companion();
  const self = await startFriend(world, server.url, { handle: "elif", name: "Elif" });
  const friend = await startFriend(world, server.url, { handle: "mert", name: "Mert" });
  await self.opensChatWith("mert");
  const companion = await CompanionApp.open(await profile.page(), server.url);
  await linkTo(companion, self);
  await companion.chats.open("mert");
  const texts = REAL_TEXTS.slice(100, 100 + BURST);
  for (const text of texts) await companion.chats.enter(text);
  // Some are on the way and some are not, which is the point.
  await companion.page.close();
  const reopened = await CompanionApp.open(await profile.context.newPage(), server.url);
  await reopened.chats.open("mert");
  const shown = await reopened.chats.lastTexts(BURST);
  expect(shown.every((text) => texts.includes(text))).toBe(true);
  await until("the outbox is empty at the other side", () => shown.every((text) => friend.received.includes(text)), 20_000);
  expect([...friend.received].sort()).toEqual([...shown].sort());
});

scenario("a server killed during a link: the same link goes on", async (world) => {
  const server = await world.startServer();
  const self = await startFriend(world, server.url, { handle: "elif", name: "Elif" });
  const profile = await world.companion();
  profile.expectFault(SERVER_GONE);
  const companion = await CompanionApp.open(await profile.page(), server.url);
  const attempt = await self.opensCodeOf(companion);
  const code = await companion.matchCode();
  expect(attempt.matchCode).toBe(code);
  await server.kill();
  await companion.isOffline();
  await server.start();
  await self.approves(attempt);
  await companion.chats.isReady();
});

scenario("a server killed during a chat: nobody is signed out and nothing is lost", async (world) => {
  const server = await world.startServer();
  const self = await startFriend(world, server.url, { handle: "elif", name: "Elif" });
  const friend = await startFriend(world, server.url, { handle: "mert", name: "Mert" });
  await self.opensChatWith("mert");
  const profile = await world.companion();
  profile.expectFault(SERVER_GONE);
  const companion = await CompanionApp.open(await profile.page(), server.url);
  await linkTo(companion, self);
  await companion.chats.open("mert");
  await companion.chats.send(REAL_TEXTS[200]!);
  await friend.receives(REAL_TEXTS[200]!);
  await server.kill();
  await companion.isOffline();
  await companion.chats.enter(REAL_TEXTS[201]!);
  await friend.sends(REAL_TEXTS[202]!);
  await companion.chats.showsStatus(REAL_TEXTS[201]!, "queued");
  await server.start();
  await friend.receives(REAL_TEXTS[201]!);
  await companion.chats.sees(REAL_TEXTS[202]!);
  await companion.chats.showsStatus(REAL_TEXTS[201]!, "delivered");
  expect(friend.received).toEqual([REAL_TEXTS[200], REAL_TEXTS[201]]);
});
