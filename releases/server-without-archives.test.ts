/** A server that is older than archives: it is said in so many words, and nobody waits for it. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { ArchiveWorld, ARCHIVIST, complete, online } from "../packages/sdk/test/archive-world.ts";
import { hasText, texts, until } from "../packages/sdk/test/world.ts";
import { load } from "./frozen.ts";

/** The last release whose server has no archives. */
const { server } = await load("0.2.0");

let world: ArchiveWorld;
beforeEach(async () => {
  world = new ArchiveWorld(server.startServer);
  await world.start();
});
afterEach(() => world.stop());

test("switching it on is refused by its name; one that is on already is in trouble, stops nothing, and can be switched off", async () => {
  let anna = await world.account("anna");
  const desk = await world.link(anna, "desk");
  await complete(desk);
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  await expect(anna.setArchive(true)).rejects.toMatchObject({ code: "UNKNOWN_OPERATION" });
  expect(await anna.archive()).toMatchObject({ on: false, trouble: undefined });

  // Switched on while the server could not be asked.
  await world.server.stop();
  await until(anna, async () => (await anna.state()).connection.kind === "offline");
  await anna.setArchive(true);
  await world.start();
  anna = await world.reopened("anna", ARCHIVIST);
  await bela.sendMessage({ conversation: ba, text: "one" });
  await hasText(anna, ab, "one");
  await until(anna, async () => (await anna.archive()).trouble === "unsupported");
  await until(desk, async () => (await desk.archive()).on);
  await hasText(desk, ab, "one");

  // Whoever is linked now asks the archive first, and is sent on to the devices.
  const alone = await world.linkedThenAlone(await world.handingOverNothing("anna"));
  await complete(alone);
  expect(await texts(alone, ab)).toEqual(["one"]);
  expect((await alone.archive()).on).toBe(true);

  anna = await world.reopened("anna", {});
  await anna.setArchive(false);
  expect(await anna.archive()).toMatchObject({ on: false, waiting: 0, trouble: undefined });
  await until(desk, async () => !(await desk.archive()).on);
  anna = await world.reopened("anna", {});
  await bela.sendMessage({ conversation: ba, text: "two" });
  await hasText(anna, ab, "two");
  await online(anna);
  expect((await anna.archive()).trouble).toBeUndefined();
}, 60_000);
