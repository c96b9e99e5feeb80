/** A phone whose clock is wrong by hours: told once, quietly, and everything works all the same. */
import { expect } from "vitest";
import { type Friend, startFriend } from "./harness/friend.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { scenario } from "./harness/scenario.ts";
import { aheadBy, webRootWith } from "./harness/worker-world.ts";
import { say, wording } from "./harness/words.ts";

const HOUR_MS = 3_600_000;

/** What it says arrives: it is online. */
async function writes(phone: PhoneApp, friend: Friend, text: string): Promise<void> {
  await phone.addContact("mert", "Mert");
  await phone.chats.send(text);
  await friend.receives(text);
  await phone.chats.leave();
}

scenario("a clock that is three hours ahead is told, and chats go on", async (world) => {
  const server = await world.startServer({ webRoot: webRootWith(aheadBy(3 * HOUR_MS), world.folder) });
  const friend = await startFriend(world, server.url, { handle: "mert", name: "Mert" });
  const phone = await PhoneApp.open(await (await world.phone()).page(), server.url);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  const banner = phone.page.getByRole("status").filter({ hasText: say("clock.text") });
  expect(await banner.innerText()).toContain(say("clock.ahead", { amount: "3 hours" }));

  await writes(phone, friend, "My clock is wrong, it seems.");
  await phone.page.getByRole("button", { name: say("notice.read"), exact: true }).click();
  await banner.waitFor({ state: "detached" });
});

scenario("clocks that differ as clocks do are not spoken of", async (world) => {
  const server = await world.startServer({ webRoot: webRootWith(aheadBy(-HOUR_MS / 15), world.folder) });
  const friend = await startFriend(world, server.url, { handle: "mert", name: "Mert" });
  const phone = await PhoneApp.open(await (await world.phone()).page(), server.url);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  await writes(phone, friend, "My clock is four minutes slow.");
  expect(await phone.page.getByText(wording("clock.behind")).count()).toBe(0);
});
