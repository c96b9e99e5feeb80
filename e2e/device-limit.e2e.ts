/** The account has as many devices as it may have: the phone asks which one leaves, before anything else, and the same link goes on. */
import { join } from "node:path";
import type { HawserClient } from "@hawser/sdk";
import { openNodeClient } from "@hawser/sdk/node";
import { MAX_COMPANIONS } from "@hawser/wire";
import { expect } from "vitest";
import { CompanionApp } from "./harness/companion-app.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { codeOnScreen } from "./harness/read-code.ts";
import { scenario, type World } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";
import { say } from "./harness/words.ts";

async function linkTerminal(world: World, phone: PhoneApp, serverUrl: string, name: string): Promise<HawserClient> {
  const client = openNodeClient({ profileDir: join(world.folder, name), serverUrl });
  world.atEnd(() => client.close());
  await client.startLink({ deviceName: name, platform: "terminal" });
  await phone.pasteCode(await until("the code is made", async () => (await client.linkStatus())?.uri));
  await phone.confirmLink();
  return client;
}

scenario("an eleventh device: one is chosen that leaves, and nothing happens to the others", async (world) => {
  const server = await world.startServer();
  const phone = await PhoneApp.open(await (await world.phone()).page(), server.url);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  const clients = new Map<string, HawserClient>();
  for (let i = 1; i <= MAX_COMPANIONS; i++) clients.set(`terminal ${i}`, await linkTerminal(world, phone, server.url, `terminal ${i}`));

  const companion = await CompanionApp.open(await (await world.companion()).page(), server.url);
  await phone.pasteCode(await codeOnScreen(companion.page));
  await phone.page.getByText(say("approve.full")).waitFor();
  expect(await phone.matchCode()).toBe(await companion.matchCode());
  const replace = phone.page.getByRole("button", { name: say("approve.replace"), exact: true });
  expect(await replace.isDisabled()).toBe(true);
  expect(await phone.page.getByRole("radio").count()).toBe(MAX_COMPANIONS);
  await phone.page.getByRole("radio", { name: /^terminal 7\b/ }).click();
  await replace.click();
  await phone.acknowledgeLink();
  await companion.page.getByText(say("companion.linked")).waitFor();

  await until("the one that was chosen is signed out", async () => (await clients.get("terminal 7")!.state()).phase === "revoked");
  clients.delete("terminal 7");
  for (const [name, client] of clients) expect((await client.state()).connection.kind, name).toBe("online");
});
