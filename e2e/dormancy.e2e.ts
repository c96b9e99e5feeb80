/**
 * A computer that is away for longer than its person chose: the phone shows it as asleep, and opened again it is back by itself, with all
 * that was written meanwhile, without a code and without a new entry in the list.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import { CompanionApp } from "./harness/companion-app.ts";
import type { EngineName } from "./harness/engines/profile.ts";
import { startFriend } from "./harness/friend.ts";
import { leaveApp } from "./harness/page-storage.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { codeOnScreen } from "./harness/read-code.ts";
import { REAL_TEXTS } from "./harness/real-texts.ts";
import { scenario } from "./harness/scenario.ts";
import { SERVER_GONE } from "./harness/chromium.ts";
import { until } from "./harness/until.ts";
import { say, wording } from "./harness/words.ts";

const DAY_MS = 86_400_000;
const ENGINES: readonly EngineName[] = ["chromium", "firefox", "webkit"];

for (const engine of ENGINES) {
  scenario(
    `a companion in ${engine} sleeps for forty days, by choice, and comes back by itself`,
    async (world) => {
      const server = await world.startServer();
      const phoneProfile = await world.phone();
      phoneProfile.expectFault(SERVER_GONE);
      const phone = await PhoneApp.open(await phoneProfile.page(), server.url);
      await phone.signUp({ handle: "elif", name: "Elif Kaya" });
      const friend = await startFriend(world, server.url, { handle: "mert", name: "Mert" });
      const profile = await world.engine(engine, { name: "companion", screen: "desktop" });
      profile.expectFault(/favicon/);
      const page = await profile.page();
      const companion: CompanionApp = await CompanionApp.open(page, server.url);
      await phone.pasteCode(await codeOnScreen(page));
      await phone.confirmLink();
      await companion.chats.isReady();
      await phone.addContact("mert", "Mert");
      await phone.chats.send(REAL_TEXTS[400]!);
      await friend.receives(REAL_TEXTS[400]!);
      await companion.chats.open("Mert");
      await companion.chats.sees(REAL_TEXTS[400]!);

      await phone.goTo("settings");
      await phone.page.getByLabel(say("dormant.title")).selectOption("1");
      await companion.goTo("settings");
      await until(
        "the companion knows the choice",
        async () => (await companion.page.getByLabel(new RegExp(`^${say("dormant.title")}`)).inputValue()) === "1",
      );
      await leaveApp(page, server.url);
      await friend.sends(REAL_TEXTS[401]!);
      await phone.goTo("chats");
      await phone.chats.open("Mert");
      await phone.chats.sees(REAL_TEXTS[401]!);

      // Forty days pass for the server.
      await server.stop();
      const directory = new DatabaseSync(join(server.options.dataDir, "directory.db"));
      expect(directory.prepare("SELECT after_days FROM dormancy").all()).toEqual([{ after_days: 30 }]);
      const entries = (): unknown => directory.prepare("SELECT count(*) AS n FROM lists").get()!["n"];
      const before = entries();
      directory.prepare("UPDATE activity SET last_seen_hour_ms = ? WHERE device = 2").run(Date.now() - 40 * DAY_MS);
      await server.start();
      await until("the phone is back", async () => (await phone.page.getByText(wording("connection.offline")).count()) === 0);
      await until("the computer is called asleep", async () => {
        await phone.goTo("chats");
        await phone.goTo("devices");
        return (await phone.page.locator(".page .row").getByText(wording("devices.dormant")).count()) === 1;
      });

      await page.goto(server.url);
      await companion.chats.open("Mert");
      await companion.chats.sees(REAL_TEXTS[401]!);
      await companion.chats.send(REAL_TEXTS[402]!);
      await friend.receives(REAL_TEXTS[402]!);
      await until("nothing is missing any more", async () => (await page.getByText(say("history.gapTitle")).count()) === 0);
      await phone.goTo("chats");
      await phone.goTo("devices");
      await until("both are there", async () => (await phone.page.locator(".page .row .dot-on").count()) === 2);
      expect(await phone.page.getByText(wording("devices.dormant")).count()).toBe(0);
      expect(entries()).toBe(before);
      directory.close();
    },
    ["chromium", engine],
  );
}
