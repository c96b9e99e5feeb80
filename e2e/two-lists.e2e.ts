/**
 * A contact's phone and server were put back from an old copy and went on, so two device lists of it exist. The chat says so and sends
 * nothing; both lists are compared by their digits, one is trusted, and what waited arrives at its devices.
 */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { openNodeClient } from "@hawser/sdk/node";
import { expect } from "vitest";
import { faultsOf } from "./harness/axe.ts";
import { SERVER_GONE } from "./harness/chromium.ts";
import { Friend, startFriend } from "./harness/friend.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { REAL_TEXTS } from "./harness/real-texts.ts";
import { scenario, type World } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";
import { WireTap } from "./harness/wire-tap.ts";
import { say } from "./harness/words.ts";

const text = (index: number): string => REAL_TEXTS[450 + index]!;

function reopen(world: World, profile: string, serverUrl: string): Friend {
  const client = openNodeClient({ profileDir: join(world.folder, profile), serverUrl });
  world.atEnd(() => client.close());
  return new Friend(client);
}

scenario("two device lists of Mert exist: compared, one is trusted, and the message that waited goes to it", async (world) => {
  const tap = await WireTap.open();
  world.atEnd(() => tap.close());
  const first = await world.startServer({ origin: tap.origin });
  tap.forwardTo(first.port);
  const mert = await startFriend(world, tap.origin, { handle: "mert", name: "Mert" });
  const profile = await world.phone();
  profile.expectFault(SERVER_GONE);
  const phone = await PhoneApp.open(await profile.page(), tap.origin);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  await phone.addContact("mert", "Mert");
  await phone.chats.send(text(0));
  await mert.receives(text(0));
  await mert.sends(text(1));
  await phone.chats.sees(text(1));

  await mert.client.close();
  await first.stop();
  cpSync(first.options.dataDir, join(world.folder, "server-1"), { recursive: true });
  cpSync(join(world.folder, "friend-mert"), join(world.folder, "friend-mert-copy"), { recursive: true });
  await first.start();
  const one = reopen(world, "friend-mert", tap.origin);
  await until("the phone is back", async () => (await one.client.state()).connection.kind === "online");
  await one.client.renameDevice(1 as never, "Mert's phone, renamed");
  await phone.chats.send(text(2));
  await one.receives(text(2));
  await one.sends(text(3));
  await phone.chats.sees(text(3));
  const digits = (await one.client.deviceListCode()).code.replace(/\D/g, "").match(/.{5}/g)!.join(" ");
  await one.client.close();
  await first.stop();

  const second = await world.startServer({ origin: tap.origin });
  tap.forwardTo(second.port);
  const two = reopen(world, "friend-mert-copy", tap.origin);
  await until("the copy is online", async () => (await two.client.state()).connection.kind === "online");
  await two.client.renameDevice(1 as never, "Mert's phone, from a copy");
  await phone.chats.enter(text(4));
  await phone.page.getByText(say("contact.listConflictText")).waitFor({ timeout: 60_000 });
  await phone.chats.showsStatus(text(4), "queued");

  await phone.page.getByRole("button", { name: say("fork.compare"), exact: true }).click();
  const sheet = phone.page.getByRole("dialog");
  await sheet.getByRole("heading", { name: say("fork.title", { name: "Mert" }) }).waitFor();
  const known = sheet.getByRole("region", { name: say("fork.known") });
  const other = sheet.getByRole("region", { name: say("fork.other") });
  const label = say("fork.codeLabel", { digits });
  await known.getByRole("img", { name: label }).waitFor();
  await other.waitFor();
  expect(await other.getByRole("img", { name: label }).count()).toBe(0);
  expect(await faultsOf(phone.page, "two lists")).toEqual([]);
  await known.getByRole("button", { name: say("fork.trust"), exact: true }).click();
  await sheet.getByRole("button", { name: say("fork.confirm"), exact: true }).click();
  await sheet.waitFor({ state: "detached" });
  await phone.chats.thread.getByText(say("notice.device-list-chosen")).waitFor();
  await until("the chat goes on", async () => (await phone.page.getByText(say("contact.listConflictText")).count()) === 0);

  await two.client.close();
  await second.stop();
  await first.start();
  tap.forwardTo(first.port);
  const again = reopen(world, "friend-mert", tap.origin);
  await until("what waited arrives", () => again.received.includes(text(4)), 60_000);
});
