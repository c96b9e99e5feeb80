/** The phone removes a computer: where it is the last that works, it is said, and has to be known first. */
import { join } from "node:path";
import { openNodeClient } from "@hawser/sdk/node";
import { expect } from "vitest";
import { CompanionApp } from "./harness/companion-app.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { codeOnScreen } from "./harness/read-code.ts";
import { scenario } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";
import { say } from "./harness/words.ts";

scenario("one of two that are connected is removed as ever; the last one only by who knows it", async (world) => {
  const server = await world.startServer();
  const phone = await PhoneApp.open(await (await world.phone()).page(), server.url);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  const companion = await CompanionApp.open(await (await world.companion()).page(), server.url);
  await phone.pasteCode(await codeOnScreen(companion.page));
  await phone.confirmLink();
  const terminal = openNodeClient({ profileDir: join(world.folder, "terminal"), serverUrl: server.url });
  world.atEnd(() => terminal.close());
  await terminal.startLink({ deviceName: "Build server", platform: "terminal" });
  await phone.pasteCode(await until("the code is made", async () => (await terminal.linkStatus())?.uri));
  await phone.confirmLink();

  const { page } = phone;
  await phone.goTo("devices");
  await until("all three are connected", async () => (await page.locator(".page .row .dot-on").count()) === 3);
  const confirm = page.getByRole("button", { name: say("revoke.confirm"), exact: true });
  await phone.askToRevoke();
  expect(await confirm.isEnabled()).toBe(true);
  expect(await page.getByText(say("revoke.lastKnown")).count()).toBe(0);
  await page.getByRole("button", { name: say("action.cancel"), exact: true }).click();

  await terminal.close();
  await phone.askToRevoke();
  await page.getByText(say("revoke.lastKnown")).waitFor();
  expect(await confirm.isDisabled()).toBe(true);
  await page.getByText(say("revoke.lastKnown")).click();
  await confirm.click();
  await companion.revokedNotice();
});
