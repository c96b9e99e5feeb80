/** Tabs are closed and servers die in the worst moments: nothing is lost, nothing comes twice, nobody is signed out. */
import { expect } from "vitest";
import { SERVER_GONE } from "./harness/chromium.ts";
import { CompanionApp } from "./harness/companion-app.ts";
import { linkTo, startPair } from "./harness/friend.ts";
import { REAL_TEXTS } from "./harness/real-texts.ts";
import { scenario } from "./harness/scenario.ts";

const BURST = 25;
/** Of these, so many while the server says nothing. */
const STUCK = 10;

scenario("a tab closed in mid-send: every message arrives exactly once", async (world) => {
  const server = await world.startServer();
  const profile = await world.companion();
  const { self, friend } = await startPair(world, server.url);
  const companion = await CompanionApp.open(await profile.page(), server.url);
  await linkTo(companion, self);
  await companion.chats.open("mert");
  const texts = REAL_TEXTS.slice(100, 100 + BURST);
  for (const text of texts.slice(0, BURST - STUCK)) await companion.chats.enter(text);
  await friend.receives(texts[0]!);
  // From here on nothing is acknowledged: some messages are written, some sent, none confirmed when the tab goes.
  server.freeze();
  for (const text of texts.slice(BURST - STUCK)) await companion.chats.enter(text);
  await companion.chats.showsStatus(texts.at(-1)!, "queued");
  await companion.page.close();
  server.thaw();
  const reopened = await CompanionApp.open(await profile.context.newPage(), server.url);
  await reopened.chats.open("mert");
  for (const text of texts) await friend.receives(text);
  await reopened.chats.showsStatus(texts.at(-1)!, "sent");
  expect(friend.received).toEqual(texts);
});

scenario("a server killed during a link: the same link goes on", async (world) => {
  const server = await world.startServer();
  const { self } = await startPair(world, server.url);
  const profile = await world.companion();
  profile.expectFault(SERVER_GONE);
  const companion = await CompanionApp.open(await profile.page(), server.url);
  const attempt = await self.opensCodeOf(companion);
  const code = await companion.matchCode();
  expect(attempt.matchCode).toBe(code);
  await server.kill();
  await self.isOffline();
  await server.start();
  expect(await companion.matchCode()).toBe(code);
  await self.approves(attempt);
  await companion.chats.isReady();
});

scenario("a server killed during a chat: nobody is signed out and nothing is lost", async (world) => {
  const server = await world.startServer();
  const { self, friend } = await startPair(world, server.url);
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
