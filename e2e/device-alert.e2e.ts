/** A device was added: both faces say so until somebody answers; "remove it" from either face is done by the phone, and can be taken back. */
import { join } from "node:path";
import { openNodeClient } from "@hawser/sdk/node";
import { expect } from "vitest";
import { CompanionApp } from "./harness/companion-app.ts";
import type { AppPage } from "./harness/engines/app-page.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { scenario } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";
import { say, wording } from "./harness/words.ts";

const press = (page: AppPage, name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();
const says = (page: AppPage, text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();
const isGone = (page: AppPage, text: string | RegExp): Promise<unknown> =>
  until("the alert is gone", async () => ((await page.getByText(text).count()) === 0 ? true : undefined));

scenario("a new device is announced on both faces, removed from one of them, and taken back on the other", async (world) => {
  const server = await world.startServer();
  const phone = await PhoneApp.open(await (await world.phone()).page(), server.url);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  const companion = await CompanionApp.open(await (await world.companion()).page(), server.url);
  const letters = await companion.letters();
  await phone.startScan();
  await phone.typeCode(letters);
  await phone.confirmLink();
  const added = wording("alert.added");
  await says(phone.page, added);
  expect(await companion.page.getByText(added).count()).toBe(0);
  await press(phone.page, say("alert.mine"));
  await isGone(phone.page, added);

  const terminal = openNodeClient({ profileDir: join(world.folder, "terminal"), serverUrl: server.url });
  world.atEnd(() => terminal.close());
  await terminal.startLink({ deviceName: "Unknown terminal", platform: "somewhere" });
  const uri = await until("the code is made", async () => (await terminal.linkStatus())?.uri);
  await phone.pasteCode(uri);
  await phone.confirmLink();
  for (const { page } of [phone, companion]) await says(page, /Unknown terminal/);

  await press(companion.page, say("alert.remove"));
  await says(companion.page, say("alert.removingThere"));
  await says(phone.page, say("alert.removingHere"));
  await press(phone.page, say("action.undo"));
  await companion.page.getByRole("button", { name: say("alert.remove"), exact: true }).waitFor();
  await companion.page.reload();
  await says(companion.page, /Unknown terminal/);
  expect((await terminal.state()).phase).toBe("ready");

  await press(phone.page, say("alert.remove"));
  await until("the device is signed out", async () => ((await terminal.state()).phase === "revoked" ? true : undefined));
  for (const { page } of [phone, companion]) await isGone(page, added);
});
