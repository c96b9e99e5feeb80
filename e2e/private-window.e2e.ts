/** A window that forgets says so, works, and keeps nothing for the next one. */
import { expect } from "vitest";
import { CompanionApp } from "./harness/companion-app.ts";
import { linkTo, startPair } from "./harness/friend.ts";
import { REAL_TEXTS } from "./harness/real-texts.ts";
import { scenario } from "./harness/scenario.ts";
import { say } from "./harness/words.ts";

scenario(
  "a private window of Firefox: links, says that it will forget, and has forgotten in the next one",
  async (world) => {
    const server = await world.startServer();
    const { self, friend } = await startPair(world, server.url);
    const profile = await world.firefox({ name: "private", screen: "desktop", isPrivate: true });
    const companion = await CompanionApp.open(await profile.page(), server.url);
    await linkTo(companion, self);
    await companion.page.getByText(say("storage.title")).waitFor();
    await companion.chats.open("mert");
    await companion.chats.send(REAL_TEXTS[410]!);
    await friend.receives(REAL_TEXTS[410]!);
    await companion.page.reload();
    await companion.chats.open("mert");
    await companion.chats.sees(REAL_TEXTS[410]!);

    await profile.kill();
    await profile.restart();
    const next = await CompanionApp.open(await profile.page(), server.url);
    await next.codeIsShown();
    expect(await next.page.evaluate(() => indexedDB.databases().then((databases) => databases.length))).toBeLessThanOrEqual(1);
  },
  ["firefox"],
);
