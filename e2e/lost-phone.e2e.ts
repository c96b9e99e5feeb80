/**
 * The phone is a browser too, and loses what that keeps: its marks, its chats, everything. It says what is true of a phone; the account and
 * its key stay while one place of two is left, messages come back from the computer, and a recovery code brings back the rest.
 */
import { join } from "node:path";
import type { HawserClient } from "@hawser/sdk";
import { openNodeClient } from "@hawser/sdk/node";
import { expect } from "vitest";
import type { EngineName } from "./harness/engines/profile.ts";
import { type Friend, startFriend } from "./harness/friend.ts";
import type { AppPage } from "./harness/engines/app-page.ts";
import { clearStores, leaveApp } from "./harness/page-storage.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { REAL_TEXTS } from "./harness/real-texts.ts";
import { scenario, type World } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";
import { say } from "./harness/words.ts";

const ENGINES: readonly EngineName[] = ["chromium", "firefox", "webkit"];
const MIRROR = "hawser-phone";

interface Scene {
  readonly url: string;
  readonly page: AppPage;
  readonly phone: PhoneApp;
  readonly friend: Friend;
  readonly desk: HawserClient;
}

async function phoneWithDesk(world: World, engine: EngineName): Promise<Scene> {
  const server = await world.startServer();
  const profile = await world.engine(engine, { name: "phone", screen: "phone" });
  profile.expectFault(/favicon/);
  // The page of a computer, begun where the marks are gone, gives way to the phone's before it is whole.
  profile.expectFault(/ServiceWorker intercepted the request|error loading dynamically imported module/);
  const page = await profile.page();
  const phone: PhoneApp = await PhoneApp.open(page, server.url);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  const friend = await startFriend(world, server.url, { handle: "mert", name: "Mert" });
  const desk = openNodeClient({ profileDir: join(world.folder, "desk"), serverUrl: server.url });
  world.atEnd(() => desk.close());
  await desk.startLink({ deviceName: "Desk", platform: "terminal" });
  await phone.pasteCode(await until("the code is made", async () => (await desk.linkStatus())?.uri));
  await phone.confirmLink();
  await phone.addContact("mert", "Mert");
  await phone.chats.send(REAL_TEXTS[400]!);
  await friend.receives(REAL_TEXTS[400]!);
  await until("the computer has it", async () => (await desk.search({ text: REAL_TEXTS[400]! })).length > 0);
  return { url: server.url, page, phone, friend, desk };
}

/** The account, its two devices, the chat; and messages go both ways. */
async function isWhole({ phone, friend, desk }: Scene, from: number): Promise<void> {
  await phone.chats.isReady();
  await phone.chats.open("Mert");
  await phone.chats.sees(REAL_TEXTS[400]!);
  await phone.chats.send(REAL_TEXTS[from]!);
  await friend.receives(REAL_TEXTS[from]!);
  await friend.sends(REAL_TEXTS[from + 1]!);
  await phone.chats.sees(REAL_TEXTS[from + 1]!);
  expect(await phone.deviceCount()).toBe(2);
  expect((await desk.state()).phase).toBe("ready");
}

for (const engine of ENGINES) {
  scenario(
    `a phone in ${engine} loses one store after the other`,
    async (world) => {
      const scene = await phoneWithDesk(world, engine);
      const { page, phone, url } = scene;

      // Its marks, and it is opened as an installed app is.
      await leaveApp(page, url);
      await clearStores(page, ["marks"]);
      await page.goto(url);
      await isWhole(scene, 401);
      expect(await page.getByText(say("notice.storeLostPhone")).count()).toBe(0);

      // Its chats: the key is in the other place.
      await leaveApp(page, url);
      await clearStores(page, ["files", "databases"], [MIRROR]);
      await page.goto(url);
      await page.getByText(say("notice.storeLostPhone")).waitFor();
      expect(await page.getByText(say("notice.storeLost")).count()).toBe(0);
      await isWhole(scene, 403);
      await phone.goTo("chats");
      await page.getByRole("button", { name: say("notice.read"), exact: true }).click();
      await page.getByText(say("notice.storeLostPhone")).waitFor({ state: "detached" });

      // Everything: a code on paper is what is left.
      await phone.goTo("recovery");
      await page.getByRole("button", { name: say("recovery.create"), exact: true }).click();
      await page.locator(".recovery-code").waitFor();
      const code = (await page.locator(".recovery-code span").allInnerTexts()).join("-");
      await page.getByRole("button", { name: say("recovery.done"), exact: true }).click();
      await leaveApp(page, url);
      await clearStores(page, ["marks", "databases", "files"]);
      await PhoneApp.open(page, url);
      await page.getByRole("button", { name: say("welcome.restore"), exact: true }).click();
      // No passkey at an address without a name, and in WebKitGTK at none.
      await page.getByText(say("recovery.noPasskeys")).waitFor();
      await page.getByLabel(say("signUp.handle"), { exact: true }).fill("elif");
      await page.getByLabel(say("restore.code"), { exact: true }).fill(code);
      await page.getByRole("button", { name: say("restore.action"), exact: true }).click();
      await isWhole(scene, 405);
    },
    [engine],
  );
}
