/** While an account moves it has two phones, and both may sign: whoever loses the race signs again after the winner. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { linkStage, until, World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

test("both rename at once, again and again: every name lands, nothing is frozen", async () => {
  const old = await world.account("anna");
  await world.link(old, "laptop");
  const phone = world.open("new-phone");
  await phone.startLink({ deviceName: "new phone", platform: "test", as: "phone" });
  await old.openLinkCode((await linkStage(phone, "waiting-for-scan")).uri!);
  await old.approveLink((await linkStage(old, "comparing")).attempt!, { newPhone: true });
  await until(phone, async () => (await phone.state()).phase === "ready" && (await phone.state()).connection.kind === "online");
  const number = (await phone.state()).self!.device;
  for (let round = 0; round < 8; round++)
    await Promise.all([old.renameDevice(2 as never, `desk ${round}`), phone.renameDevice(number, `pocket ${round}`)]);
  for (const client of [old, phone]) {
    await until(client, async () => {
      const names = (await client.devices()).map(({ name }) => name);
      return names.includes("desk 7") && names.includes("pocket 7");
    });
    expect((await client.state()).listConflict).toBe(false);
  }
}, 60_000);
