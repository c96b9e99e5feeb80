/** What comes up on the way: forms, questions, sheets and pages that are not in any menu. No serious fault by axe's rules on one of them. */
import { join } from "node:path";
import { openNodeClient } from "@hawser/sdk/node";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { faultsOf } from "./harness/axe.ts";
import { CompanionApp } from "./harness/companion-app.ts";
import { startFriend } from "./harness/friend.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { chatExport, REAL_TEXTS } from "./harness/real-texts.ts";
import { scenario } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";
import { say } from "./harness/words.ts";

const press = (page: Page, key: Parameters<typeof say>[0]): Promise<void> =>
  page
    .getByRole("button", { name: say(key), exact: true })
    .last()
    .click();
const closes = async (page: Page): Promise<void> => {
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
};

scenario("on a phone", async (world) => {
  const server = await world.startServer();
  const friend = await startFriend(world, server.url, { handle: "mert", name: "Mert" });
  const phone = await PhoneApp.open(await (await world.phone()).page(), server.url);
  const { page } = phone;
  const faults: string[] = [];
  const look = async (where: string): Promise<void> => void faults.push(...(await faultsOf(page, where)));

  await press(page, "welcome.create");
  await page.getByLabel(say("signUp.handle"), { exact: true }).fill("mert");
  await page.getByText(say("signUp.taken")).first().waitFor();
  await look("sign up, a handle that is taken");
  await press(page, "signUp.haveInvitation");
  await look("sign up, an invitation");
  await press(page, "action.back");
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });

  await phone.goTo("import");
  const { fileName, content } = chatExport({ self: "Elif Kaya", other: "Deniz", count: 40 });
  await page.locator('input[type="file"]').setInputFiles({ name: fileName, mimeType: "text/plain", buffer: content });
  await page.getByLabel(say("import.self")).waitFor();
  await look("import, what was found");
  await page.getByLabel(say("import.self")).selectOption("Elif Kaya");
  await press(page, "import.run");
  await page.getByRole("heading", { name: say("import.doneTitle") }).waitFor();
  await look("import, done");

  await phone.goTo("contacts");
  await page
    .getByRole("button", { name: say("contacts.add") })
    .first()
    .click();
  await page.getByLabel(say("newChat.handle")).waitFor();
  await look("a new chat");
  await closes(page);
  await phone.addContact("mert", "Mert");
  await phone.chats.send(REAL_TEXTS[400]!);
  await friend.receives(REAL_TEXTS[400]!);
  await page.getByRole("button", { name: /^Mert\b/ }).click();
  await page.getByRole("dialog").waitFor();
  await look("a contact");
  await closes(page);

  await phone.startScan();
  await press(page, "typed.enter");
  await look("letters to be typed");
  await press(page, "reverse.show");
  await page.getByRole("img").first().waitFor();
  await look("the phone's own code");

  const desk = openNodeClient({ profileDir: join(world.folder, "desk"), serverUrl: server.url });
  world.atEnd(() => desk.close());
  await desk.startLink({ deviceName: "Desk", platform: "terminal" });
  await phone.pasteCode(await until("the code is made", async () => (await desk.linkStatus())?.uri));
  await phone.confirm();
  await phone.hasLinked();
  await look("linked");
  await phone.closeSheet();
  await look("devices, with an alert of the new one");
  await page.locator(".page li button.row").filter({ hasText: "Desk" }).click();
  await page.getByRole("dialog").waitFor();
  await look("a device");
  await press(page, "revoke.action");
  await page.getByText(say("revoke.text")).waitFor();
  await look("a device, to be removed");
  await closes(page);

  await phone.goTo("settings");
  await press(page, "wipe.actionPhone");
  await page.getByRole("dialog").waitFor();
  await look("signing out");
  await closes(page);
  await phone.goTo("recovery");
  await press(page, "recovery.create");
  await page.locator(".recovery-code").waitFor();
  await look("a recovery code");
  await page.goto(`${server.url}/diagnosis?face=phone`);
  await page.getByRole("button", { name: say("diagnosis.again"), disabled: false }).waitFor();
  await look("diagnosis by itself");
  expect([...new Set(faults)]).toEqual([]);
});

scenario("on a companion", async (world) => {
  const server = await world.startServer();
  const friend = await startFriend(world, server.url, { handle: "mert", name: "Mert" });
  const phone = await PhoneApp.open(await (await world.phone()).page(), server.url);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  const companion = await CompanionApp.open(await (await world.companion()).page(), server.url);
  const { page } = companion;
  const faults: string[] = [];
  const look = async (where: string): Promise<void> => void faults.push(...(await faultsOf(page, where)));
  const letters = await companion.letters();
  await look("link page, with letters");
  await phone.startScan();
  await phone.typeCode(letters);
  await phone.confirmLink();
  await companion.chats.isReady();
  await look("linked, nothing there yet");
  await phone.addContact("mert", "Mert");
  await phone.chats.send(REAL_TEXTS[400]!);
  await companion.chats.open("Mert");
  await page
    .locator('.composer input[type="file"]')
    .setInputFiles({ name: "plan.txt", mimeType: "text/plain", buffer: Buffer.from("a plan") });
  await look("a file to be sent");
  await companion.chats.enter(REAL_TEXTS[401]!);
  await friend.receives(REAL_TEXTS[401]!);
  await look("a file that was sent");
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await look("shortcuts");
  await closes(page);
  await companion.goTo("devices");
  await page.locator(".page li button.row").first().click();
  await page.getByRole("dialog").waitFor();
  await look("a device");
  await closes(page);
  await companion.goTo("settings");
  await page.getByRole("button", { name: say("diagnosis.title") }).click();
  await page.getByText(say("cause.ALL_WELL")).waitFor();
  await page.getByText(say("diagnosis.facts")).click();
  await look("diagnosis in the app");
  await phone.revokeCompanion();
  await companion.revokedNotice();
  await look("removed");
  expect([...new Set(faults)]).toEqual([]);
});
